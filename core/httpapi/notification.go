package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) notificationRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"notifications"}
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/notifications", Summary: "List my notifications", Tags: tags}, identity.WorkspaceRead, s.listNotifications)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/notifications/read", Summary: "Mark my notifications read", Tags: tags}, identity.WorkspaceRead, s.readNotifications)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/notification-preferences", Summary: "How I want to be told", Tags: tags}, identity.WorkspaceRead, s.getPreferences)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: base + "/notification-preferences", Summary: "Choose how I want to be told", Tags: tags,
		Description: "Replaces what was chosen. Kinds that are left out go back to the default.",
	}, identity.WorkspaceRead, s.putPreferences)
}

type listNotificationsInput struct {
	WorkspacePath
	Paging
	Unread bool `query:"unread" doc:"Only what was not read."`
}

// notificationsBody is a page of notifications and how many are unread.
type notificationsBody struct {
	Items      []wire.Notification `json:"items"`
	NextCursor string              `json:"next_cursor,omitempty"`
	Unread     int                 `json:"unread" doc:"How many of all are unread."`
}

func (s *Server) listNotifications(ctx context.Context, scope identity.Scope, in *listNotificationsInput) (*body[notificationsBody], error) {
	p, err := s.Notifications.List(ctx, scope, in.Unread, in.request())
	if err != nil {
		return nil, err
	}
	unread, err := s.Notifications.Unread(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := notificationsBody{Items: make([]wire.Notification, len(p.Items)), NextCursor: p.Next, Unread: unread}
	for i, n := range p.Items {
		out.Items[i] = wire.NotificationOf(n)
	}
	return &body[notificationsBody]{Body: out}, nil
}

type readNotificationsInput struct {
	WorkspacePath
	Body struct {
		IDs []string `json:"ids,omitempty" doc:"At most 200. Unknown ones are passed over."`
		All bool     `json:"all,omitempty"`
	}
}

// unreadBody is how many notifications are left.
type unreadBody struct {
	Unread int `json:"unread"`
}

func (s *Server) readNotifications(ctx context.Context, scope identity.Scope, in *readNotificationsInput) (*body[unreadBody], error) {
	ids := make([]notification.ID, len(in.Body.IDs))
	for i, id := range in.Body.IDs {
		ids[i] = notification.ID(id)
	}
	unread, err := s.Notifications.MarkRead(ctx, scope, ids, in.Body.All)
	if err != nil {
		return nil, err
	}
	return &body[unreadBody]{Body: unreadBody{Unread: unread}}, nil
}

// ruleBody is how to tell of one kind.
type ruleBody struct {
	InApp   bool `json:"in_app" doc:"At all."`
	Browser bool `json:"browser" doc:"By the browser, unless the conversation is on the screen."`
	Sound   bool `json:"sound"`
}

// quietBody is the time of day in which neither browser nor sound tell of anything.
type quietBody struct {
	From     string `json:"from" doc:"A time of day, as 22:00."`
	To       string `json:"to" doc:"A time of day, as 08:00."`
	Timezone string `json:"timezone" doc:"The name of a time zone, as Asia/Shanghai."`
}

// rulesBody is a rule for each kind.
type rulesBody struct {
	Mention          *ruleBody `json:"mention,omitempty"`
	Assigned         *ruleBody `json:"assigned,omitempty"`
	TakenOver        *ruleBody `json:"taken_over,omitempty"`
	Reply            *ruleBody `json:"reply,omitempty"`
	ParticipantReply *ruleBody `json:"participant_reply,omitempty"`
	ScheduledFailed  *ruleBody `json:"scheduled_failed,omitempty"`
	Rating           *ruleBody `json:"rating,omitempty"`
	Unattended       *ruleBody `json:"unattended,omitempty"`
	ImportDone       *ruleBody `json:"import_done,omitempty"`
	WebhookDisabled  *ruleBody `json:"webhook_disabled,omitempty"`
	PluginState      *ruleBody `json:"plugin_state,omitempty"`
	AccountHealth    *ruleBody `json:"account_health,omitempty"`
	RiskFound        *ruleBody `json:"risk_found,omitempty"`
	ApprovalAsked    *ruleBody `json:"approval_asked,omitempty"`
	AlertRaised      *ruleBody `json:"alert_raised,omitempty"`
	TicketAssigned   *ruleBody `json:"ticket_assigned,omitempty"`
	TicketMention    *ruleBody `json:"ticket_mention,omitempty"`
	TicketComment    *ruleBody `json:"ticket_comment,omitempty"`
	TicketOverdue    *ruleBody `json:"ticket_overdue,omitempty"`
}

// of pairs each kind with the place of its rule.
func (r *rulesBody) of() map[notification.Kind]**ruleBody {
	return map[notification.Kind]**ruleBody{
		notification.Mention: &r.Mention, notification.Assigned: &r.Assigned, notification.TakenOver: &r.TakenOver, notification.Reply: &r.Reply,
		notification.ParticipantReply: &r.ParticipantReply,
		notification.ScheduledFailed:  &r.ScheduledFailed, notification.Rating: &r.Rating, notification.Unattended: &r.Unattended,
		notification.ImportDone: &r.ImportDone, notification.WebhookDisabled: &r.WebhookDisabled, notification.PluginState: &r.PluginState, notification.AccountHealth: &r.AccountHealth, notification.RiskFound: &r.RiskFound,
		notification.ApprovalAsked: &r.ApprovalAsked, notification.AlertRaised: &r.AlertRaised, notification.TicketAssigned: &r.TicketAssigned, notification.TicketMention: &r.TicketMention,
		notification.TicketComment: &r.TicketComment, notification.TicketOverdue: &r.TicketOverdue,
	}
}

// preferencesBody is how a member wants to be told.
type preferencesBody struct {
	Rules      rulesBody  `json:"rules"`
	QuietHours *quietBody `json:"quiet_hours,omitempty"`
}

func preferencesOf(p notification.Preferences) *body[preferencesBody] {
	var out preferencesBody
	for kind, place := range out.Rules.of() {
		rule := ruleBody(p.Rules[kind])
		*place = &rule
	}
	if p.Quiet != nil {
		quiet := quietBody(*p.Quiet)
		out.QuietHours = &quiet
	}
	return &body[preferencesBody]{Body: out}
}

func (s *Server) getPreferences(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[preferencesBody], error) {
	p, err := s.Notifications.Preferences(ctx, scope)
	if err != nil {
		return nil, err
	}
	return preferencesOf(p), nil
}

type putPreferencesInput struct {
	WorkspacePath
	Body preferencesBody
}

func (s *Server) putPreferences(ctx context.Context, scope identity.Scope, in *putPreferencesInput) (*body[preferencesBody], error) {
	p := notification.Preferences{Rules: make(map[notification.Kind]notification.Rule)}
	for kind, place := range in.Body.Rules.of() {
		if *place != nil {
			p.Rules[kind] = notification.Rule(**place)
		}
	}
	if q := in.Body.QuietHours; q != nil {
		quiet := notification.Quiet(*q)
		p.Quiet = &quiet
	}
	p, err := s.Notifications.SetPreferences(ctx, scope, p)
	if err != nil {
		return nil, err
	}
	return preferencesOf(p), nil
}
