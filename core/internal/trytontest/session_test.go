package trytontest_test

import (
	"net/http"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/trytontest"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

func (s *stage) signsInAgain(t *testing.T) {
	logins := s.wire.logins()
	spoiled := false
	s.wire.spoiled(func(req *http.Request) {
		if !spoiled && req.Header.Get("Authorization") != "" {
			spoiled = true
			req.Header.Set("Authorization", "Session YWRtaW46MTpib2d1cw==") // admin:1:bogus
		}
	})
	defer s.wire.spoiled(nil)
	if _, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: "李", Limit: 1}); err != nil {
		t.Fatal(err)
	}
	if n := s.wire.logins() - logins; n != 1 {
		t.Errorf("signed in %d times, want once", n)
	}
}

func (s *stage) restarts(t *testing.T) {
	if err := s.tryton.Stop(); err != nil {
		t.Fatal(err)
	}
	_, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: "李", Limit: 1})
	if e := errs.As(err); e == nil || e.Source != errs.FarSide || e.Code != errs.CodeUnavailable {
		t.Errorf("without a server: %v", err)
	}
	health, err := s.crm.CheckHealth(t.Context(), instance.CheckHealthRequest{Instance: s.in})
	if err != nil || health.Health.State != instance.Down {
		t.Errorf("the health without a server is %+v, %v", health, err)
	}
	if err := s.tryton.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: "李", Limit: 1}); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if health, err := s.crm.CheckHealth(t.Context(), instance.CheckHealthRequest{Instance: s.in}); err != nil || health.Health.State != instance.OK {
		t.Errorf("the health after the restart is %+v, %v", health, err)
	}
}

func (s *stage) wrongPassword(t *testing.T) {
	probe := func(password string) []instance.Problem {
		answer, err := s.crm.ValidateConfig(t.Context(), instance.ValidateConfigRequest{Config: s.in.Config, Secrets: instance.Secrets{"/password": password}, Probe: true})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Problems
	}
	if problems := probe(trytontest.Password); len(problems) > 0 {
		t.Errorf("the right password: %+v", problems)
	}
	if problems := probe("wrong"); len(problems) != 1 || problems[0].Pointer != "/password" {
		t.Errorf("the wrong password: %+v", problems)
	}
	s.call(t, nil, "model.res.user.write", []any{1}, map[string]any{"password": "Kranich-42-Segelflug"})
	s.wire.spoiled(func(req *http.Request) { // the sessions of before go on otherwise
		if req.Header.Get("Authorization") != "" {
			req.Header.Set("Authorization", "Session YWRtaW46MTpib2d1cw==")
		}
	})
	logins := s.wire.logins()
	for range 3 {
		_, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: "李", Limit: 1})
		if e := errs.As(err); e == nil || e.Code != errs.CodeAuthExpired {
			t.Errorf("after the password was changed: %v", err)
		}
	}
	if n := s.wire.logins() - logins; n != 1 {
		t.Errorf("the wrong password was shown %d times, want once", n)
	}
	s.wire.spoiled(nil)
	s.configure(t, 2, "Kranich-42-Segelflug")
	if _, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: "李", Limit: 1}); err != nil {
		t.Errorf("with the new password: %v", err)
	}
}
