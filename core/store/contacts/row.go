package contacts

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// row is a contact as it is stored.
type row struct {
	WorkspaceID string
	ContactID   string
	Name        string
	Email       string
	Phone       string
	Note        string
	Attributes  string
	CreatedAt   int64
	UpdatedAt   int64 `gorm:"autoUpdateTime:false"` // not gorm's clock
}

// TableName implements gorm's Tabler.
func (*row) TableName() string { return "contact" }

func rowOf(c contact.Contact) (row, error) {
	attributes, err := encode(c.Attributes)
	if err != nil {
		return row{}, err
	}
	return row{
		WorkspaceID: string(c.Workspace), ContactID: string(c.ID), Name: c.Name, Email: c.Email, Phone: c.Phone,
		Note: c.Note, Attributes: attributes, CreatedAt: db.Micros(c.CreatedAt), UpdatedAt: db.Micros(c.UpdatedAt),
	}, nil
}

func (r *row) domain() (contact.Contact, error) {
	c := contact.Contact{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: contact.ID(r.ContactID), Name: r.Name, Email: r.Email,
		Phone: r.Phone, Note: r.Note, CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
	return c, json.Unmarshal([]byte(r.Attributes), &c.Attributes)
}

// encode writes attributes; none is {}.
func encode(attributes map[string]string) (string, error) {
	if attributes == nil {
		return "{}", nil
	}
	for k, v := range attributes {
		if err := db.CheckText(k, v); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(attributes)
	return string(b), err
}

// columns go with dest, for a contact named p.
const columns = `p.workspace_id, p.contact_id, p.name, p.email, p.phone, p.note, p.attributes, p.created_at, p.updated_at`

func (r *row) dest() []any {
	return []any{
		&r.WorkspaceID, &r.ContactID, &r.Name, &r.Email, &r.Phone, &r.Note, &r.Attributes, &r.CreatedAt, &r.UpdatedAt,
	}
}
