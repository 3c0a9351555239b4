package authz_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestAKeptAnswerIsForTheRightsItWasMadeFor: an Idempotency-Key gives an answer
// again to who sees what they saw, and not to who sees less by now.
func TestAKeptAnswerIsForTheRightsItWasMadeFor(t *testing.T) {
	w := newWorld(t)
	p := w.people["agent of a team"]
	s := w.newSet(isOthers) // of the team
	ask := func() answer {
		return w.ask(p, http.MethodPost, w.at(w.here, "/conversations/query"), `{"sort":"created_desc"}`, "Idempotency-Key", "the list")
	}
	id := s.id("conversation")
	first, again := ask(), ask()
	if !strings.Contains(first.text, id) || again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("the answer is given again: %d %v %s", again.status, again.header, again.text)
	}
	w.must(w.here.owner, http.MethodPatch, w.at(w.here, "/teams/"+w.here.front), fmt.Sprintf(`{"member_ids":[%q]}`, w.here.owner.member))
	if a := ask(); a.code != "idempotency.answer_lost" || strings.Contains(a.text, id) {
		t.Errorf("who left the team is answered %d %s", a.status, a.text)
	}
}
