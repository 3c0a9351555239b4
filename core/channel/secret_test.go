package channel_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func kids(all []channel.IdentitySecret) []string {
	var out []string
	for _, k := range all {
		out = append(out, k.KID)
	}
	return out
}

func TestSecretsRotate(t *testing.T) {
	o := newOffice(t)
	inbox, _ := o.inbox(chat)
	s := channel.NewSecrets(o.store, o.store, channeltest.Sealer{}, o.now)
	owner := as(identity.RoleOwner)
	create := func() (string, channel.IdentitySecret) {
		t.Helper()
		secret, made, err := s.Create(t.Context(), owner, inbox.ID)
		o.ok(err)
		if !strings.HasPrefix(secret, "pbis_") || len(secret) < 40 || strings.Contains(made.Sealed, secret) || made.KID == "" {
			t.Errorf("made %q, %+v", secret, made)
		}
		return secret, made
	}
	keys := func() []string {
		t.Helper()
		all, err := s.Keys(t.Context(), inbox)
		o.ok(err)
		var out []string
		for _, k := range all {
			out = append(out, string(k.Secret))
		}
		return out
	}
	one, first := create()
	o.at = o.at.Add(time.Hour)
	two, second := create()
	if got := keys(); one == two || !slices.Equal(got, []string{one, two}) {
		t.Errorf("two work: %q", got)
	}
	listed, err := s.List(t.Context(), owner, inbox.ID)
	if err != nil || !slices.Equal(kids(listed), []string{first.KID, second.KID}) || !listed[0].ExpiresAt.Equal(o.at.Add(24*time.Hour)) || !listed[1].ExpiresAt.IsZero() {
		t.Errorf("listed %+v, %v", listed, err)
	}
	o.at = o.at.Add(time.Hour)
	three, third := create()
	if got := keys(); !slices.Equal(got, []string{two, three}) {
		t.Errorf("the oldest of three works: %q", got)
	}
	o.at = o.at.Add(24 * time.Hour)
	if got := keys(); !slices.Equal(got, []string{three}) {
		t.Errorf("a day later: %q", got)
	}
	if listed, err := s.List(t.Context(), owner, inbox.ID); err != nil || !slices.Equal(kids(listed), []string{third.KID}) {
		t.Errorf("a day later: %+v, %v", listed, err)
	}
	o.ok(s.Delete(t.Context(), owner, inbox.ID, third.KID))
	if got := keys(); len(got) != 0 {
		t.Errorf("after its end: %q", got)
	}
	o.refused(s.Delete(t.Context(), owner, inbox.ID, third.KID), errs.NotFound, "not_found")
}

// stranger is a Sealer whose master key is another.
type stranger struct{ channeltest.Sealer }

func (stranger) Open(string, string) ([]byte, error) {
	return nil, errs.New(errs.Internal, "seal.other_key", "The server's master key is another.")
}

// swapped opens what was sealed since the master key is another one.
type swapped struct {
	channeltest.Sealer
	lost string
}

func (w swapped) Open(sealed, about string) ([]byte, error) {
	if strings.HasSuffix(about, "/"+w.lost) {
		return stranger{}.Open(sealed, about)
	}
	return w.Sealer.Open(sealed, about)
}

// The cure for a lost master key is a new secret: it works at once, though the
// one before it, which nobody can open, has a day to go.
func TestANewSecretAfterTheMasterKeyIsLost(t *testing.T) {
	o := newOffice(t)
	inbox, _ := o.inbox(chat)
	before := channel.NewSecrets(o.store, o.store, channeltest.Sealer{}, o.now)
	_, old, err := before.Create(t.Context(), as(identity.RoleOwner), inbox.ID)
	o.ok(err)
	s := channel.NewSecrets(o.store, o.store, swapped{lost: old.KID}, o.now)
	_, err = s.Keys(t.Context(), inbox)
	o.refused(err, errs.Internal, "seal.other_key")
	secret, made, err := s.Create(t.Context(), as(identity.RoleOwner), inbox.ID)
	o.ok(err)
	keys, err := s.Keys(t.Context(), inbox)
	o.ok(err)
	if len(keys) != 1 || keys[0].KID != made.KID || string(keys[0].Secret) != secret {
		t.Errorf("the keys are %+v", keys)
	}
}

func TestSecretsOfWhom(t *testing.T) {
	o := newOffice(t)
	inbox, _ := o.inbox(chat)
	delivers, _ := o.inbox(mail)
	s := channel.NewSecrets(o.store, o.store, channeltest.Sealer{}, o.now)
	for name, do := range map[string]func(ctx context.Context, scope identity.Scope, id channel.InboxID) error{
		"create": func(ctx context.Context, scope identity.Scope, id channel.InboxID) error {
			_, _, err := s.Create(ctx, scope, id)
			return err
		},
		"list": func(ctx context.Context, scope identity.Scope, id channel.InboxID) error {
			_, err := s.List(ctx, scope, id)
			return err
		},
		"delete": func(ctx context.Context, scope identity.Scope, id channel.InboxID) error {
			return s.Delete(ctx, scope, id, "x")
		},
	} {
		for _, role := range []identity.Role{identity.RoleSupervisor, identity.RoleAgent, ""} {
			if err := do(t.Context(), as(role), inbox.ID); !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s by %q: %v", name, role, err)
			}
		}
		foreign := as(identity.RoleOwner)
		foreign.Workspace = abroad
		if err := do(t.Context(), foreign, inbox.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s by another workspace: %v", name, err)
		}
		if err := do(t.Context(), as(identity.RoleOwner), "inb_none"); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s of none: %v", name, err)
		}
		if err := do(t.Context(), as(identity.RoleOwner), delivers.ID); errs.As(err).Code != "identity.not_live" {
			t.Errorf("%s of an inbox that delivers: %v", name, err)
		}
	}
	// A secret that was moved to another inbox's row does not open.
	_, made, err := s.Create(t.Context(), as(identity.RoleOwner), inbox.ID)
	o.ok(err)
	if _, err := (channeltest.Sealer{}).Open(made.Sealed, "identity-secret/wsp_1/inb_other/"+made.KID); err == nil {
		t.Error("a secret opens for another inbox")
	}
}
