package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// connectorService is what connectors serve.
type connectorService struct {
	pluginv1.UnimplementedConnectorServiceServer
	*Server
}

// DescribeObjects asks the author, and takes back what the value cannot do.
func (s *connectorService) DescribeObjects(ctx context.Context, req *pluginv1.DescribeObjectsRequest) (*pluginv1.DescribeObjectsResponse, error) {
	able := s.can().Connector
	_, searches := able.(connector.Searcher)
	_, upserts := able.(connector.Upserter)
	_, keeps := able.(connector.ActivityKeeper)
	_, pulls := able.(connector.Puller)
	out := &pluginv1.DescribeObjectsResponse{}
	err := s.call(ctx, "DescribeObjects", req.GetInstanceId(), able != nil, func(in instance.Instance) error {
		answer, err := able.DescribeObjects(ctx, connector.DescribeObjectsRequest{Instance: in, Locale: req.GetLocale()})
		for _, o := range answer.Objects {
			out.Objects = append(out.Objects, &pluginv1.ObjectType{
				Name: o.Name, Label: o.Label, Fields: fieldsTo(o.Fields), Lookup: o.Lookup,
				Search: o.Search && searches, Upsert: o.Upsert && upserts, Activities: o.Activities && keeps, Pull: o.Pull && pulls,
			})
		}
		return err
	})
	return out, err
}

// Lookup asks the author.
func (s *connectorService) Lookup(ctx context.Context, req *pluginv1.LookupRequest) (*pluginv1.LookupResponse, error) {
	able := s.can().Connector
	out := &pluginv1.LookupResponse{}
	err := s.call(ctx, "Lookup", req.GetInstanceId(), able != nil, func(in instance.Instance) error {
		answer, err := able.Lookup(ctx, connector.LookupRequest{
			Instance: in, ContactID: req.GetContactId(), Emails: req.GetEmails(), Phones: req.GetPhones(), ExternalIDs: req.GetExternalIds(),
		})
		if err != nil {
			return err
		}
		out.Records, err = recordsTo(answer.Records, connector.MaxLookup)
		return err
	})
	return out, err
}

// Search asks the author.
func (s *connectorService) Search(ctx context.Context, req *pluginv1.SearchRequest) (*pluginv1.SearchResponse, error) {
	able, can := s.can().Connector.(connector.Searcher)
	limit := min(max(int(req.GetLimit()), 1), connector.MaxSearch)
	out := &pluginv1.SearchResponse{}
	err := s.call(ctx, "Search", req.GetInstanceId(), can, func(in instance.Instance) error {
		answer, err := able.Search(ctx, connector.SearchRequest{Instance: in, Object: req.GetObject(), Query: req.GetQuery(), Limit: limit})
		if err != nil {
			return err
		}
		out.Records, err = recordsTo(answer.Records, limit)
		return err
	})
	return out, err
}

// Upsert asks the author.
func (s *connectorService) Upsert(ctx context.Context, req *pluginv1.UpsertRequest) (*pluginv1.UpsertResponse, error) {
	able, can := s.can().Connector.(connector.Upserter)
	out := &pluginv1.UpsertResponse{}
	var answer connector.UpsertResponse
	err := s.call(ctx, "Upsert", req.GetInstanceId(), can, func(in instance.Instance) error {
		record, err := recordOf(req.GetRecord())
		if err != nil {
			return err
		}
		if answer, err = able.Upsert(ctx, connector.UpsertRequest{Instance: in, IdempotencyKey: req.GetIdempotencyKey(), Record: record}); err != nil {
			return err
		}
		out.Record, err = recordTo(answer.Record)
		return err
	})
	out.Result, err = settled(err, answer.Duplicate)
	return out, err
}

// AddActivity asks the author.
func (s *connectorService) AddActivity(ctx context.Context, req *pluginv1.AddActivityRequest) (*pluginv1.AddActivityResponse, error) {
	able, can := s.can().Connector.(connector.ActivityKeeper)
	var answer connector.AddActivityResponse
	err := s.call(ctx, "AddActivity", req.GetInstanceId(), can, func(in instance.Instance) (failed error) {
		answer, failed = able.AddActivity(ctx, connector.AddActivityRequest{
			Instance: in, IdempotencyKey: req.GetIdempotencyKey(), Object: req.GetObject(), RecordID: req.GetRecordId(),
			Subject: req.GetSubject(), Text: req.GetText(), URL: req.GetUrl(), At: timeOf(req.GetAt()),
		})
		return failed
	})
	result, err := settled(err, answer.Duplicate)
	return &pluginv1.AddActivityResponse{Result: result, Id: answer.ID}, err
}

// PullChanges asks the author.
func (s *connectorService) PullChanges(ctx context.Context, req *pluginv1.PullChangesRequest) (*pluginv1.PullChangesResponse, error) {
	able, can := s.can().Connector.(connector.Puller)
	out := &pluginv1.PullChangesResponse{}
	err := s.call(ctx, "PullChanges", req.GetInstanceId(), can, func(in instance.Instance) error {
		answer, err := able.PullChanges(ctx, connector.PullChangesRequest{Instance: in, Object: req.GetObject(), Cursor: req.GetCursor()})
		if err != nil {
			return err
		}
		out.Cursor, out.More = answer.Cursor, answer.More
		if len(out.Cursor) == 0 {
			out.Cursor = req.GetCursor()
		}
		if out.More && bytes.Equal(out.Cursor, req.GetCursor()) {
			return fmt.Errorf("there are more changes of %s, but the cursor did not move: it would be the same page for ever", req.GetObject())
		}
		out.Records, err = recordsTo(answer.Records, connector.MaxPull)
		return err
	})
	return out, err
}

// settled is the result of a write.
func settled(err error, duplicate bool) (*pluginv1.Result, error) {
	if err == nil && duplicate {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_DUPLICATE}, nil
	}
	return answered(err)
}

func fieldsTo(list []connector.Field) []*pluginv1.Field {
	types := map[connector.FieldType]pluginv1.Field_Type{
		connector.Text: pluginv1.Field_TYPE_TEXT, connector.Number: pluginv1.Field_TYPE_NUMBER, connector.Boolean: pluginv1.Field_TYPE_BOOLEAN,
		connector.Time: pluginv1.Field_TYPE_TIME, connector.URL: pluginv1.Field_TYPE_URL, connector.Email: pluginv1.Field_TYPE_EMAIL,
		connector.Phone: pluginv1.Field_TYPE_PHONE, connector.Money: pluginv1.Field_TYPE_MONEY,
	}
	out := make([]*pluginv1.Field, len(list))
	for i, f := range list {
		out[i] = &pluginv1.Field{Name: f.Name, Label: f.Label, Type: types[f.Type], Writable: f.Writable, Required: f.Required}
	}
	return out
}

func recordsTo(list []connector.Record, most int) ([]*pluginv1.Record, error) {
	if len(list) > most {
		return nil, fmt.Errorf("%d records, more than %d", len(list), most)
	}
	out := make([]*pluginv1.Record, len(list))
	for i, r := range list {
		var err error
		if out[i], err = recordTo(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func recordTo(r connector.Record) (*pluginv1.Record, error) {
	out := &pluginv1.Record{
		Object: r.Object, Id: r.ID, Title: r.Title, Url: r.URL, UpdatedAt: timeTo(r.UpdatedAt), Deleted: r.Deleted,
	}
	if len(r.Fields) > 0 {
		encoded, err := json.Marshal(r.Fields)
		if err != nil {
			return nil, fmt.Errorf("encode the fields of %s %s: %w", r.Object, r.ID, err)
		}
		out.Fields = encoded
	}
	return out, nil
}

func recordOf(r *pluginv1.Record) (connector.Record, error) {
	out := connector.Record{
		Object: r.GetObject(), ID: r.GetId(), Title: r.GetTitle(), URL: r.GetUrl(), UpdatedAt: timeOf(r.GetUpdatedAt()), Deleted: r.GetDeleted(),
	}
	if len(r.GetFields()) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(r.GetFields()))
	d.UseNumber()
	if err := d.Decode(&out.Fields); err != nil {
		return out, fmt.Errorf("the fields of %s %s: %w", out.Object, out.ID, err)
	}
	return out, nil
}
