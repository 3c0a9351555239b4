package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of what connectors answer.
const (
	maxObjects      = 50
	maxFields       = 200
	maxLooked       = 20
	maxSearched     = 50
	maxPulled       = 200
	maxRecordFields = 64 << 10 // bytes
	maxCursor       = 8 << 10  // bytes
	maxURL          = 2 << 10  // bytes
)

// Connects implements extension.Connectors.
func (h *Host) Connects(plugin extension.PluginID) bool {
	s, ok := h.byID[channel.PluginID(plugin)]
	return ok && s.installed().manifest.Has(manifest.KindConnector)
}

// connect asks a connector something.
func (h *Host) connect(ctx context.Context, c extension.Connection, call string, fn func(context.Context, pluginv1.ConnectorServiceClient) error) error {
	return h.ask(ctx, c.Plugin, pluginv1.AbilityConnector, call, func(ctx context.Context, conn grpc.ClientConnInterface) error {
		return fn(ctx, pluginv1.NewConnectorServiceClient(conn))
	})
}

// Describe implements extension.Connectors.
func (h *Host) Describe(ctx context.Context, c extension.Connection, locale string) ([]extension.ObjectType, error) {
	var answer *pluginv1.DescribeObjectsResponse
	err := h.connect(ctx, c, "DescribeObjects", func(ctx context.Context, client pluginv1.ConnectorServiceClient) (err error) {
		answer, err = client.DescribeObjects(ctx, &pluginv1.DescribeObjectsRequest{InstanceId: string(c.ID), Locale: locale})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(answer.GetObjects()) > maxObjects {
		return nil, h.badAnswer(ctx, c.Plugin, "DescribeObjects", "more than 50 kinds of records")
	}
	out := make([]extension.ObjectType, 0, len(answer.GetObjects()))
	for _, o := range answer.GetObjects() {
		if !external(o.GetName()) || len(o.GetFields()) > maxFields {
			return nil, h.badAnswer(ctx, c.Plugin, "DescribeObjects", "a kind of record without a name, or with more than 200 fields")
		}
		t := extension.ObjectType{
			Name: o.GetName(), Label: cut(o.GetLabel(), maxName), Lookup: o.GetLookup(), Search: o.GetSearch(), Upsert: o.GetUpsert(),
			Activities: o.GetActivities(), Pull: o.GetPull(),
		}
		if t.Label == "" {
			t.Label = t.Name
		}
		for _, f := range o.GetFields() {
			if !external(f.GetName()) {
				return nil, h.badAnswer(ctx, c.Plugin, "DescribeObjects", "a field without a name")
			}
			label := cut(f.GetLabel(), maxName)
			if label == "" {
				label = f.GetName()
			}
			t.Fields = append(t.Fields, extension.Field{Name: f.GetName(), Label: label, Type: fieldType(f.GetType()), Writable: f.GetWritable(), Required: f.GetRequired()})
		}
		out = append(out, t)
	}
	return out, nil
}

func fieldType(t pluginv1.Field_Type) extension.FieldType {
	switch t {
	case pluginv1.Field_TYPE_NUMBER:
		return extension.FieldNumber
	case pluginv1.Field_TYPE_BOOLEAN:
		return extension.FieldBoolean
	case pluginv1.Field_TYPE_TIME:
		return extension.FieldTime
	case pluginv1.Field_TYPE_URL:
		return extension.FieldURL
	case pluginv1.Field_TYPE_EMAIL:
		return extension.FieldEmail
	case pluginv1.Field_TYPE_PHONE:
		return extension.FieldPhone
	case pluginv1.Field_TYPE_MONEY:
		return extension.FieldMoney
	case pluginv1.Field_TYPE_UNSPECIFIED, pluginv1.Field_TYPE_TEXT:
	default:
	}
	return extension.FieldText
}

// Lookup implements extension.Connectors.
func (h *Host) Lookup(ctx context.Context, c extension.Connection, who extension.Sought) ([]extension.Far, error) {
	var answer *pluginv1.LookupResponse
	err := h.connect(ctx, c, "Lookup", func(ctx context.Context, client pluginv1.ConnectorServiceClient) (err error) {
		answer, err = client.Lookup(ctx, &pluginv1.LookupRequest{
			InstanceId: string(c.ID), ContactId: who.ID, Emails: who.Emails, Phones: who.Phones, ExternalIds: who.External,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.records(ctx, c, "Lookup", answer.GetRecords(), maxLooked)
}

// Search implements extension.Connectors.
func (h *Host) Search(ctx context.Context, c extension.Connection, object, query string, limit int) ([]extension.Far, error) {
	var answer *pluginv1.SearchResponse
	err := h.connect(ctx, c, "Search", func(ctx context.Context, client pluginv1.ConnectorServiceClient) (err error) {
		answer, err = client.Search(ctx, &pluginv1.SearchRequest{
			InstanceId: string(c.ID), Object: object, Query: query, Limit: uint32(min(max(limit, 1), maxSearched)),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.records(ctx, c, "Search", answer.GetRecords(), maxSearched)
}

// Upsert implements extension.Connectors.
func (h *Host) Upsert(ctx context.Context, c extension.Connection, key string, r extension.Far) (extension.Far, error) {
	var answer *pluginv1.UpsertResponse
	err := h.connect(ctx, c, "Upsert", func(ctx context.Context, client pluginv1.ConnectorServiceClient) (err error) {
		answer, err = client.Upsert(ctx, &pluginv1.UpsertRequest{
			InstanceId: string(c.ID), IdempotencyKey: key, Record: &pluginv1.Record{Object: r.Object, Id: r.ID, Title: r.Title, Fields: r.Fields},
		})
		return err
	})
	if err == nil {
		err = settled(answer.GetResult())
	}
	if err != nil {
		return extension.Far{}, err
	}
	out, err := h.records(ctx, c, "Upsert", []*pluginv1.Record{answer.GetRecord()}, 1)
	if err != nil {
		return extension.Far{}, err
	}
	return out[0], nil
}

// AddActivity implements extension.Connectors.
func (h *Host) AddActivity(ctx context.Context, c extension.Connection, a extension.Activity) (string, error) {
	var answer *pluginv1.AddActivityResponse
	err := h.connect(ctx, c, "AddActivity", func(ctx context.Context, client pluginv1.ConnectorServiceClient) (err error) {
		answer, err = client.AddActivity(ctx, &pluginv1.AddActivityRequest{
			InstanceId: string(c.ID), IdempotencyKey: a.Key, Object: a.Object, RecordId: a.Record, Subject: a.Subject, Text: a.Text,
			Url: a.URL, At: timestamppb.New(a.At),
		})
		return err
	})
	if err == nil {
		err = settled(answer.GetResult())
	}
	return cut(answer.GetId(), maxExternalID), err
}

// Pull implements extension.Connectors.
func (h *Host) Pull(ctx context.Context, c extension.Connection, object string, cursor []byte) (extension.Page, error) {
	var answer *pluginv1.PullChangesResponse
	err := h.connect(ctx, c, "PullChanges", func(ctx context.Context, client pluginv1.ConnectorServiceClient) (err error) {
		answer, err = client.PullChanges(ctx, &pluginv1.PullChangesRequest{InstanceId: string(c.ID), Object: object, Cursor: cursor})
		return err
	})
	if err != nil {
		return extension.Page{}, err
	}
	out := extension.Page{Cursor: answer.GetCursor(), More: answer.GetMore()}
	switch {
	case len(out.Cursor) > maxCursor:
		return extension.Page{}, h.badAnswer(ctx, c.Plugin, "PullChanges", "a cursor of more than 8 KiB")
	case len(answer.GetRecords()) > 0 && len(out.Cursor) == 0, out.More && string(out.Cursor) == string(cursor):
		return extension.Page{}, h.badAnswer(ctx, c.Plugin, "PullChanges", "the cursor does not go on")
	}
	out.Records, err = h.records(ctx, c, "PullChanges", answer.GetRecords(), maxPulled)
	for _, r := range out.Records {
		if r.Object != object {
			return extension.Page{}, h.badAnswer(ctx, c.Plugin, "PullChanges", "a record of another kind than was asked for")
		}
	}
	return out, err
}

// records lets records pass that can be shown and kept.
func (h *Host) records(ctx context.Context, c extension.Connection, call string, all []*pluginv1.Record, limit int) ([]extension.Far, error) {
	if len(all) > limit {
		return nil, h.badAnswer(ctx, c.Plugin, call, "more than "+strconv.Itoa(limit)+" records")
	}
	out := make([]extension.Far, 0, len(all))
	for _, r := range all {
		far, err := recordOf(r)
		if err != nil {
			return nil, h.badAnswer(ctx, c.Plugin, call, err.Error())
		}
		out = append(out, far)
	}
	return out, nil
}

func recordOf(r *pluginv1.Record) (extension.Far, error) {
	out := extension.Far{
		Object: r.GetObject(), ID: r.GetId(), Title: cut(r.GetTitle(), maxName), URL: r.GetUrl(), Fields: json.RawMessage("{}"), Deleted: r.GetDeleted(),
	}
	if at := r.GetUpdatedAt(); at.IsValid() && at.AsTime().Unix() > 0 {
		out.UpdatedAt = at.AsTime()
	}
	switch {
	case !external(out.Object), !external(out.ID):
		return out, errors.New("a record without a kind or an id")
	case out.URL != "" && !secureURL(out.URL):
		return out, errors.New("a record's address is not https")
	case len(r.GetFields()) > maxRecordFields:
		return out, errors.New("a record of more than 64 KiB")
	case len(r.GetFields()) == 0:
		return out, nil
	}
	var fields map[string]json.RawMessage
	if !utf8.Valid(r.GetFields()) || json.Unmarshal(r.GetFields(), &fields) != nil || fields == nil {
		return out, errors.New("a record's fields are no JSON object")
	}
	out.Fields = r.GetFields()
	return out, nil
}

// secureURL reports whether a person may be led to an address.
func secureURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && u.Scheme == "https" && u.Host != "" && u.User == nil
}
