package authz_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
)

// standing is what somebody is to the first workspace.
type standing int

const (
	isNobody    standing = iota // shows nothing, or what is no proof of a member
	isMember                    // of it
	isElsewhere                 // signed in, and no member of it (any more)
	isKey                       // an API key of a member
)

// reachKind is how far somebody sees; see reaches.
type reachKind string

const (
	reachOwn  reachKind = "own"
	reachTeam reachKind = "team"
	reachAll  reachKind = "all"
)

// person is somebody who asks, with what they hold.
type person struct {
	name      string
	header    http.Header
	workspace *workspace
	standing  standing
	member    string // id; "" = none
	account   string
	role      string // of whose permissions; see rights
	scopes    []string
	reach     reachKind
	teams     []string
	inboxes   []string // that the teams serve
	visitor   string   // the session's token
}

func nobody() *person { return &person{name: "anonymous"} }

// rights says what each role may, as wire and documents promise it; it is on
// purpose not asked of the product.
func rights() map[string][]string {
	agent := strings.Fields(`workspace.read member.read role.read inbox.read contact.read contact.write conversation.read conversation.reply
conversation.assign conversation.merge contact.merge team.read catalog.read rating.read apikey.own ticket.read ticket.write ticket.assign ticket.merge`)
	supervisor := append(slices.Clone(agent), strings.Fields(`plugin.read team.manage catalog.manage contact.import rating.read_all ticket.export ticket.manage conversation.supervise`)...)
	administrator := append(slices.Clone(supervisor), strings.Fields(`plugin.manage inbox.manage member.manage workspace.manage role.manage apikey.manage
signin.manage webhook.read webhook.manage retention.manage workspace.export contact.erase sandbox.manage system.read`)...)
	return map[string][]string{
		"agent": agent, "supervisor": supervisor, "administrator": administrator,
		"owner": append(slices.Clone(administrator), "audit.read", "audit.export"),
		"system_administrator": strings.Fields(`workspace.read workspace.manage member.read role.read team.read inbox.read inbox.manage plugin.read
plugin.manage catalog.read catalog.manage webhook.read retention.manage system.read`),
		"security_administrator": strings.Fields(`workspace.read member.read member.manage role.read role.manage team.read apikey.own apikey.manage signin.manage`),
		"auditor":                strings.Fields(`member.read role.read audit.read audit.export`),
	}
}

// may reports whether somebody holds a permission.
func (p *person) may(permission string) bool {
	if !slices.Contains(rights()[p.role], permission) {
		return false
	}
	return p.standing == isMember || p.standing == isKey && slices.Contains(p.scopes, permission)
}

// holding is who holds a thing.
type holding struct {
	assignee, creator, team, inbox string
	followers                      []string
}

// reaches is the rule of reach, written a second time.
func (p *person) reaches(h holding) bool {
	if p.reach == reachAll {
		return true
	}
	if h.assignee == p.member || h.creator == p.member || slices.Contains(h.followers, p.member) {
		return true
	}
	if p.reach != reachTeam {
		return false
	}
	if h.team != "" {
		return slices.Contains(p.teams, h.team)
	}
	return slices.Contains(p.inboxes, h.inbox)
}

// signIn signs an account in by its password.
func (w *world) signIn(email string) http.Header {
	w.t.Helper()
	a := w.must(nobody(), http.MethodPost, "/api/v1/session", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
	return cookieOf(a)
}

func cookieOf(a answer) http.Header {
	cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	return http.Header{"Cookie": {cookie}}
}

// invite makes a member of a workspace with a role.
func (w *world) invite(by *person, name, role string) *person {
	w.t.Helper()
	var invitation struct{ Link string }
	email := strings.ReplaceAll(name, " ", ".") + "@" + strings.ReplaceAll(by.workspace.id, "_", "-") + ".example"
	w.decode(w.must(by, http.MethodPost, w.at(by.workspace, "/invitations"), fmt.Sprintf(`{"email":%q,"role":%q}`, email, role)), &invitation)
	link, err := url.Parse(invitation.Link)
	if err != nil {
		w.t.Fatal(err)
	}
	token := link.Query().Get("token")
	if token == "" {
		token = link.Fragment
	}
	a := w.must(nobody(), http.MethodPost, "/api/v1/invitations/accept", fmt.Sprintf(`{"token":%q,"name":%q,"password":%q}`, token, name, password))
	var me struct {
		Account     struct{ ID string }
		Memberships []struct {
			MemberID string `json:"member_id"`
		}
	}
	w.decode(a, &me)
	p := &person{
		name: name, header: cookieOf(a), workspace: by.workspace, standing: isMember, member: me.Memberships[0].MemberID, account: me.Account.ID,
		role: role, reach: reachAll,
	}
	if slices.Contains(rights()[role], "conversation.reply") || strings.HasPrefix(role, "rol_") {
		w.must(p, http.MethodPut, w.at(p.workspace, "/presence/me"), `{"status":"away"}`)
	}
	return p
}

// limited makes a member who may what agents may, and sees less.
func (w *world) limited(name string, reach reachKind, teams ...string) *person {
	w.t.Helper()
	role := w.make(w.here.owner, "/roles", fmt.Sprintf(`{"name":%q,"reach":%q,"permissions":["%s"]}`, name, reach, strings.Join(rights()["agent"], `","`)))
	p := w.invite(w.here.owner, name, role)
	p.role, p.reach, p.teams = "agent", reach, teams
	for _, team := range teams {
		if team == w.here.front {
			p.inboxes = append(p.inboxes, w.here.shop.id, w.here.live.id)
		} else {
			p.inboxes = append(p.inboxes, w.here.desk.id)
		}
		w.must(w.here.owner, http.MethodPatch, w.at(w.here, "/teams/"+team), fmt.Sprintf(`{"member_ids":[%q]}`, p.member))
	}
	return p
}

// knock opens a visitor's session.
func (w *world) knock(of *workspace, identity string) *person {
	w.t.Helper()
	var v struct{ Token string }
	body := `{"page_url":"https://shop.example/","locale":"en"}`
	if identity != "" {
		body = fmt.Sprintf(`{"page_url":"https://shop.example/","locale":"en","identity":%q}`, identity)
	}
	w.decode(w.must(nobody(), http.MethodPost, "/api/v1/live/"+of.live.id+"/sessions", body), &v)
	return &person{name: "visitor", header: http.Header{"Authorization": {"Bearer " + v.Token}}, visitor: v.Token, workspace: of}
}

// identify is a token by which a site vouches for a customer.
func (w *world) identify(of *workspace, subject string) string {
	return channeltest.Token(of.secret, channel.InboxID(of.live.id), time.Now(), subject, fmt.Sprint("jti ", w.next()), map[string]any{"name": subject})
}

// assemble makes everybody: the thirteen principals, the roles that divide an
// administrator's power, and members who see less than all.
func (w *world) assemble() {
	w.t.Helper()
	add := func(name string, p *person) {
		p.name = name
		w.people[name] = p
	}
	owner := w.here.owner
	add("owner", owner)
	for _, role := range []string{"agent", "supervisor", "administrator", "system_administrator", "security_administrator", "auditor"} {
		add(role, w.invite(owner, role, role))
	}
	add("agent of their own", w.limited("own", reachOwn))
	add("agent of a team", w.limited("team", reachTeam, w.here.front))
	add("agent outside the inbox", w.limited("outside", reachTeam, w.here.back))

	add("anonymous", nobody())
	add("visitor", w.knock(w.here, ""))
	add("verified contact", w.knock(w.here, w.identify(w.here, "verified")))
	hook, _, _ := strings.Cut(strings.TrimPrefix(w.here.shop.hook, "/hooks/"), "/")
	add("plugin", &person{header: http.Header{"Authorization": {"Bearer " + hook}, "Cookie": {"patchbay_session=" + hook}}})
	add("bot", w.key(w.people["agent"], "conversation.read", "conversation.reply", "contact.read"))
	stranger := w.invite(w.there.owner, "administrator there", "administrator")
	stranger.standing = isElsewhere
	add("administrator of another workspace", stranger)
	suspended := w.invite(owner, "suspended", "owner")
	w.must(owner, http.MethodPatch, w.at(w.here, "/members/"+suspended.member), `{"suspended":true}`)
	suspended.standing = isElsewhere
	add("suspended user", suspended)
	expired := w.invite(owner, "expired", "owner")
	w.must(expired, http.MethodDelete, "/api/v1/session", "")
	expired.standing = isNobody
	add("expired token", expired)
}

// key makes an API key of a member, which is what a bot has.
func (w *world) key(of *person, scopes ...string) *person {
	w.t.Helper()
	var made struct{ Secret string }
	w.decode(w.must(of, http.MethodPost, w.at(of.workspace, "/api-keys"), fmt.Sprintf(`{"name":"bot","scopes":["%s"]}`, strings.Join(scopes, `","`))), &made)
	return &person{
		header: http.Header{"Authorization": {"Bearer " + made.Secret}}, workspace: of.workspace, standing: isKey, member: of.member,
		role: of.role, scopes: scopes, reach: of.reach, teams: of.teams, inboxes: of.inboxes,
	}
}

// principals are the thirteen of the security bar.
func principals() []string {
	return []string{
		"anonymous", "visitor", "verified contact", "bot", "plugin", "agent", "agent outside the inbox", "supervisor", "administrator", "owner",
		"administrator of another workspace", "suspended user", "expired token",
	}
}
