package pluginhost

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// scopePII lets a plugin see what identifies a person.
const scopePII = "contacts:read.pii"

// contactDesk serves HostContactService.
type contactDesk struct {
	pluginv1.UnimplementedHostContactServiceServer
	*desk
}

// contactTo is a contact as an instance may see it: without contacts:read.pii
// there is nothing in it that identifies the person.
func contactTo(c contact.Contact, pii bool) (*pluginv1.Contact, error) {
	out := &pluginv1.Contact{
		Id: string(c.ID), Locale: c.Locale, CreatedAt: timestamppb.New(c.CreatedAt), Revision: uint64(c.UpdatedAt.UnixMicro()),
		MergedInto: string(c.MergedInto),
	}
	if !pii {
		return out, nil
	}
	out.Name, out.ExternalId = c.Name, c.External
	if c.Email != "" {
		out.Emails = []string{c.Email}
	}
	if c.Phone != "" {
		out.Phones = []string{c.Phone}
	}
	if len(c.Attributes) == 0 {
		return out, nil
	}
	var err error
	out.Attributes, err = json.Marshal(c.Attributes)
	return out, err
}

// GetContact returns a contact that the instance sees.
func (d *contactDesk) GetContact(ctx context.Context, req *pluginv1.GetContactRequest) (*pluginv1.GetContactResponse, error) {
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	c, err := d.contact(ctx, i, req.GetContactId())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out, err := contactTo(c, i.May(scopePII))
	return &pluginv1.GetContactResponse{Contact: out}, d.refusal(ctx, err)
}

// maxFound is how many contacts FindContacts returns.
const maxFound = 20

// FindContacts finds contacts by what identifies them.
func (d *contactDesk) FindContacts(ctx context.Context, req *pluginv1.FindContactsRequest) (*pluginv1.FindContactsResponse, error) {
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	if !i.May(scopePII) {
		return nil, status.Errorf(codes.PermissionDenied, "to find contacts by what identifies them needs %q too", scopePII)
	}
	f, err := filterOf(req)
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out := &pluginv1.FindContactsResponse{}
	found, err := d.ports.Desks.Records.Contacts.List(ctx, d.acting(i, identity.ContactRead), f, page.Request{Limit: maxFound})
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	for _, c := range found.Items {
		if i.Inbox != nil { // it sees those it knows
			if _, err := d.contact(ctx, i, string(c.ID)); errs.Is(err, errs.NotFound) {
				continue
			} else if err != nil {
				return nil, d.refusal(ctx, err)
			}
		}
		one, err := contactTo(c, true)
		if err != nil {
			return nil, d.refusal(ctx, err)
		}
		out.Contacts = append(out.Contacts, one)
	}
	return out, nil
}

// filterOf reads the one thing to find by.
func filterOf(req *pluginv1.FindContactsRequest) (contact.Filter, error) {
	var f contact.Filter
	given := 0
	ok := true
	if req.GetEmail() != "" {
		given++
		f.Email, ok = contact.Email(req.GetEmail())
	}
	if req.GetPhone() != "" {
		given++
		f.Phone, ok = contact.Phone(req.GetPhone())
	}
	if f.External = req.GetExternalId(); f.External != "" {
		given++
	}
	if given != 1 || !ok {
		return f, errs.New(errs.Invalid, "plugin.request", "Give one of email, phone and external_id, as it is written.")
	}
	return f, nil
}

// UpdateContact changes what is kept of a contact.
func (d *contactDesk) UpdateContact(ctx context.Context, req *pluginv1.UpdateContactRequest) (*pluginv1.UpdateContactResponse, error) {
	return keyed(ctx, d.desk, "UpdateContact", req, &pluginv1.UpdateContactResponse{}, func(ctx context.Context, i instance) (*pluginv1.UpdateContactResponse, error) {
		c, err := d.contact(ctx, i, req.GetContactId())
		if err != nil {
			return nil, err
		}
		e := contact.Edit{Name: req.Name, Locale: req.Locale} //nolint:protogetter // nil is not ""
		if e.Attributes, err = objectOf("attributes", req.GetAttributes()); err != nil {
			return nil, err
		}
		if r := req.GetIfRevision(); r != 0 {
			e.IfUpdatedAt = time.UnixMicro(int64(r)).UTC() //nolint:gosec // what was no revision of ours is none now
		}
		if c, err = d.ports.Desks.Records.Contacts.Update(ctx, d.acting(i, identity.ContactWrite), c.ID, e); err != nil {
			return nil, err
		}
		out, err := contactTo(c, i.May(scopePII))
		return &pluginv1.UpdateContactResponse{Contact: out}, err
	})
}

// maxObject is how large a JSON object in a request may be, in bytes.
const maxObject = 64 << 10

// objectOf reads a JSON object; nil when there is none.
func objectOf(field string, raw []byte) (map[string]any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var out map[string]any
	if len(raw) > maxObject || json.Unmarshal(raw, &out) != nil || out == nil {
		return nil, unknown(field, "must be a JSON object of at most 64 KiB")
	}
	return out, nil
}
