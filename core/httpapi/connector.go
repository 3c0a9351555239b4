package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) connectorRoutes() {
	at := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"records"}
	member(s, huma.Operation{Method: http.MethodGet, Path: at + "/connections/{connection}/objects", Summary: "List the kinds of records of a system", Tags: tags},
		identity.ContactRead, s.listObjects)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: at + "/contacts/{contact}/records", Summary: "List what connected systems know of a contact", Tags: tags,
		Description: "Every connector of the workspace is asked at once and has 1.5 seconds; each has a state of its own. Where there is no answer, the records are copies of earlier ones, and stale says so.",
	}, identity.ContactRead, s.listRecords)
	member(s, huma.Operation{Method: http.MethodGet, Path: at + "/connections/{connection}/records", Summary: "Search records of a system", Tags: tags},
		identity.ContactRead, s.searchRecords)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: at + "/connections/{connection}/records", Summary: "Make or change a record of a system", Tags: tags,
		Description: "Without an id it is made, or found by what the far side knows it by. The same key again has no further effect.",
	}, identity.ContactWrite, s.saveRecord)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: at + "/conversations/{conversation}/summary", Summary: "Write a conversation's summary to a record", Tags: tags,
		DefaultStatus: http.StatusCreated,
	}, identity.ConversationReply, s.writeSummary)
}

// ConnectionRecords names a connection.
type ConnectionRecords struct {
	Workspace  string `path:"workspace"`
	Connection string `path:"connection"`
}

type objectsInput struct {
	Workspace  string `path:"workspace"`
	Connection string `path:"connection"`
	Locale     string `query:"locale" maxLength:"35" pattern:"^[A-Za-z0-9-]*$" doc:"BCP 47, for the labels."`
}

// objectBody is a kind of record.
type objectBody struct {
	Name       string            `json:"name"`
	Label      string            `json:"label"`
	Fields     []recordFieldBody `json:"fields"`
	Lookup     bool              `json:"lookup"`
	Search     bool              `json:"search"`
	Upsert     bool              `json:"upsert"`
	Activities bool              `json:"activities"`
	Pull       bool              `json:"pull"`
}

// recordFieldBody is a field of a kind of record.
type recordFieldBody struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Type     string `json:"type" enum:"text,number,boolean,time,url,email,phone,money"`
	Writable bool   `json:"writable"`
	Required bool   `json:"required"`
}

func (s *Server) listObjects(ctx context.Context, scope identity.Scope, in *objectsInput) (*body[list[objectBody]], error) {
	found, err := s.Connectors.Objects(ctx, scope, extension.ConnectionID(in.Connection), in.Locale)
	if err != nil {
		return nil, err
	}
	out := &body[list[objectBody]]{Body: list[objectBody]{Items: make([]objectBody, len(found))}}
	for i, o := range found {
		b := objectBody{Name: o.Name, Label: o.Label, Fields: make([]recordFieldBody, len(o.Fields)), Lookup: o.Lookup, Search: o.Search, Upsert: o.Upsert, Activities: o.Activities, Pull: o.Pull}
		for j, f := range o.Fields {
			b.Fields[j] = recordFieldBody{Name: f.Name, Label: f.Label, Type: string(f.Type), Writable: f.Writable, Required: f.Required}
		}
		out.Body.Items[i] = b
	}
	return out, nil
}

// recordBody is a record of a connected system.
type recordBody struct {
	Object    string     `json:"object"`
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	URL       string     `json:"url,omitempty"`
	Fields    rawObject  `json:"fields" doc:"Values by the names of fields."`
	UpdatedAt *time.Time `json:"updated_at,omitempty"`
}

func recordBodyOf(r extension.Far) recordBody {
	out := recordBody{Object: r.Object, ID: r.ID, Title: r.Title, URL: r.URL, Fields: rawObject(r.Fields)}
	if !r.UpdatedAt.IsZero() {
		at := wire.Stamp(r.UpdatedAt)
		out.UpdatedAt = &at
	}
	return out
}

func recordBodies(all []extension.Far) []recordBody {
	out := make([]recordBody, len(all))
	for i, r := range all {
		out[i] = recordBodyOf(r)
	}
	return out
}

// lookupBody is what one connected system knows of a contact.
type lookupBody struct {
	Connection     string       `json:"connection"`
	ConnectionName string       `json:"connection_name"`
	Plugin         string       `json:"plugin"`
	State          string       `json:"state" enum:"ok,late,unavailable,not_allowed"`
	Detail         string       `json:"detail,omitempty" doc:"A sentence that may be shown; not with the state ok."`
	RetryAfter     int          `json:"retry_after,omitempty" doc:"Seconds."`
	Stale          bool         `json:"stale" doc:"The records are copies of earlier ones."`
	SeenAt         *time.Time   `json:"seen_at,omitempty" doc:"When the oldest of the records was read."`
	Records        []recordBody `json:"records"`
}

type contactRecordsInput struct {
	Workspace string `path:"workspace"`
	Contact   string `path:"contact"`
}

func (s *Server) listRecords(ctx context.Context, scope identity.Scope, in *contactRecordsInput) (*body[list[lookupBody]], error) {
	found, err := s.Connectors.Lookups(ctx, scope, in.Contact)
	if err != nil {
		return nil, err
	}
	out := &body[list[lookupBody]]{Body: list[lookupBody]{Items: make([]lookupBody, len(found))}}
	for i, l := range found {
		b := lookupBody{
			Connection: string(l.Connection.ID), ConnectionName: l.Connection.Name, Plugin: string(l.Connection.Plugin), State: string(l.State),
			Detail: l.Detail, RetryAfter: inSeconds(l.RetryAfter), Stale: l.State != extension.LookupOK && len(l.Records) > 0, Records: recordBodies(l.Records),
		}
		if !l.SeenAt.IsZero() {
			at := wire.Stamp(l.SeenAt)
			b.SeenAt = &at
		}
		out.Body.Items[i] = b
	}
	return out, nil
}

// maxFound is how many records a search of a connected system finds.
const maxFound = 20

type searchRecordsInput struct {
	Workspace  string `path:"workspace"`
	Connection string `path:"connection"`
	Object     string `query:"object" required:"true" minLength:"1" maxLength:"200"`
	Query      string `query:"q" maxLength:"200"`
}

func (s *Server) searchRecords(ctx context.Context, scope identity.Scope, in *searchRecordsInput) (*body[list[recordBody]], error) {
	found, err := s.Connectors.Search(ctx, scope, extension.ConnectionID(in.Connection), in.Object, in.Query, maxFound)
	if err != nil {
		return nil, err
	}
	return &body[list[recordBody]]{Body: list[recordBody]{Items: recordBodies(found)}}, nil
}

type saveRecordInput struct {
	ConnectionRecords
	Body struct {
		Key    string          `json:"key" minLength:"1" maxLength:"100" doc:"Idempotency: of your choice, the same when the request is sent again."`
		Object string          `json:"object" minLength:"1" maxLength:"200"`
		ID     string          `json:"id,omitempty" maxLength:"512"`
		Title  string          `json:"title,omitempty" maxLength:"200"`
		Fields json.RawMessage `json:"fields" doc:"An object: values by the names of fields."`
	}
}

func (s *Server) saveRecord(ctx context.Context, scope identity.Scope, in *saveRecordInput) (*body[recordBody], error) {
	fields, err := objectOr(in.Body.Fields, "/fields")
	if err != nil {
		return nil, err
	}
	saved, err := s.Connectors.Upsert(ctx, scope, extension.ConnectionID(in.Connection), in.Body.Key, extension.Far{
		Object: in.Body.Object, ID: in.Body.ID, Title: in.Body.Title, Fields: fields,
	})
	if err != nil {
		return nil, err
	}
	return &body[recordBody]{Body: recordBodyOf(saved)}, nil
}

type summaryInput struct {
	Workspace    string `path:"workspace"`
	Conversation string `path:"conversation"`
	Body         struct {
		Key        string `json:"key" minLength:"1" maxLength:"100" doc:"Idempotency: of your choice, the same when the request is sent again."`
		Connection string `json:"connection" minLength:"1" maxLength:"64"`
		Object     string `json:"object" minLength:"1" maxLength:"200"`
		Record     string `json:"record" minLength:"1" maxLength:"512"`
		Text       string `json:"text" minLength:"1" maxLength:"20000"`
	}
}

// writtenBody names what was written down at the far side.
type writtenBody struct {
	ID string `json:"id" doc:"The far side's id of it; may be empty."`
}

func (s *Server) writeSummary(ctx context.Context, scope identity.Scope, in *summaryInput) (*body[writtenBody], error) {
	done, err := s.Connectors.WriteBack(ctx, scope, extension.Summary{
		Conversation: in.Conversation, Connection: extension.ConnectionID(in.Body.Connection), Object: in.Body.Object, Record: in.Body.Record,
		Text: in.Body.Text, Key: in.Body.Key,
	})
	if err != nil {
		return nil, err
	}
	return &body[writtenBody]{Body: writtenBody{ID: done}}, nil
}
