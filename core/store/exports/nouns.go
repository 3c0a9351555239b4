package exports

import (
	"strings"

	"github.com/patchbay-im/patchbay/core/export"
)

// noun is a kind of thing with where it is read.
type noun struct {
	name   string
	about  string
	from   string
	fields string // name, or name=column, then a colon and its kind; without one: text
	where  string // beside the workspace
	person string // which of it are of one person; "" = none
	order  string
	table  bool
}

// parse reads the fields, and the columns they are read from.
func (n noun) parse() (export.Noun, []string) {
	out := export.Noun{Name: n.name, About: n.about, Table: n.table}
	var columns []string
	for f := range strings.FieldsSeq(n.fields) {
		name, kind, _ := strings.Cut(f, ":")
		if kind == "" {
			kind = "text"
		}
		name, column, ok := strings.Cut(name, "=")
		if !ok {
			column = name
		}
		out.Fields, columns = append(out.Fields, export.Field{Name: name, Kind: kind}), append(columns, "x."+column)
	}
	return out, columns
}

// The person's contacts, and what hangs on them.
const (
	theirs  = `(SELECT p.contact_id FROM contact p WHERE p.workspace_id = ? AND (p.contact_id = ? OR p.survivor_id = ?))`
	talks   = `(SELECT v.conversation_id FROM conversation v WHERE v.workspace_id = x.workspace_id AND v.contact_id IN ` + theirs + `)`
	tickets = `(SELECT k.ticket_id FROM ticket k WHERE k.workspace_id = x.workspace_id AND k.contact_id IN ` + theirs + `)`
)

// Nouns describes what an export of a whole workspace has.
func Nouns() []export.Noun {
	all := nouns()
	out := make([]export.Noun, len(all))
	for i, n := range all {
		out[i], _ = n.parse()
	}
	return out
}

// nouns lists what an export has, in its order. Secrets have no place here: no
// hash, token, sealed value or setting of a plugin is named.
func nouns() []noun {
	return append(house(), customers()...)
}

// house is how the workspace is set up.
func house() []noun {
	return []noun{
		{name: "workspace", about: "the workspace itself", from: "workspace x", fields: "id=workspace_id name locale created_at:time", order: "workspace_id"},
		{
			name: "members", about: "who works here", from: "(SELECT m.*, a.email FROM member m JOIN account a ON a.account_id = m.account_id) x",
			fields: "id=member_id name email role capacity:number limits suspended:bool created_at:time", order: "member_id",
		},
		{name: "roles", about: "roles of the workspace's own", from: "role x", fields: "id=role_id name description permissions:json reach created_at:time", order: "role_id"},
		{name: "teams", about: "teams", from: "team x", fields: "id=team_id name description created_at:time", where: "x.deleted_at = 0", order: "team_id"},
		{name: "team_members", about: "who is in which team", from: "team_member x", fields: "team_id member_id", order: "team_id, member_id"},
		{name: "inboxes", about: "connected accounts, without their settings and keys", from: "inbox x", fields: "id=inbox_id name plugin live:bool enabled:bool created_at:time", order: "inbox_id"},
		{name: "team_inboxes", about: "which team serves which inbox", from: "team_inbox x", fields: "inbox_id team_id", order: "inbox_id"},
		{name: "calendars", about: "business hours and holidays", from: "calendar x", fields: "id=calendar_id name time_zone hours:json created_at:time", order: "calendar_id"},
		{name: "queues", about: "streams of work", from: "queue x", fields: "id=queue_id name description team_id plan:json created_at:time", where: "x.deleted_at = 0", order: "queue_id"},
		{name: "routing", about: "routing rules", from: "routing x", fields: "revision:number time_zone rules:json updated_at:time", order: "workspace_id"},
		{name: "queue_inboxes", about: "which queue takes which inbox", from: "queue_inbox x", fields: "inbox_id queue_id", order: "inbox_id"},
		{name: "skills", about: "what members can", from: "skill x", fields: "id=skill_id name created_at:time", order: "skill_id"},
		{name: "member_skills", about: "how well who can what", from: "member_skill x", fields: "member_id skill_id level:number", order: "member_id, skill_id"},
		{name: "connections", about: "connected systems, without their settings and keys", from: "plugin_connection x", fields: "id=connection_id name plugin enabled:bool created_at:time", order: "connection_id"},
		{name: "plugin_permissions", about: "what plugins may do here, and who agreed", from: "plugin_grant x", fields: "plugin permission=scope version granted_kind=actor_kind granted_by=actor_id granted_name=actor_name granted_at:time", order: "plugin, scope"},
		{name: "labels", about: "labels", from: "label x", fields: "id=label_id name color description created_at:time", where: "x.deleted_at = 0", order: "label_id"},
		{name: "attributes", about: "custom fields", from: "attribute x", fields: "id=attribute_id target key name type options:json required:bool created_at:time", order: "attribute_id"},
		{name: "canned_replies", about: "canned replies", from: "canned x", fields: "id=canned_id scope owner shortcut title text locale created_at:time updated_at:time", order: "canned_id"},
		{name: "views", about: "saved views", from: "saved_view x", fields: "id=view_id scope owner name filter:json sort columns:json position:number created_at:time", order: "view_id"},
		{name: "ticket_types", about: "types of tickets", from: "ticket_type x", fields: "id=type_id name description fields:json archived_at:time created_at:time", order: "type_id"},
		{name: "organisations", about: "organisations", from: "organisation x", fields: "id=organisation_id name note attributes:json created_at:time updated_at:time", order: "organisation_id"},
		{name: "organisation_domains", about: "their domains", from: "organisation_domain x", fields: "organisation_id domain", order: "domain"},
	}
}

// customers is what was said and done with them.
func customers() []noun {
	return []noun{
		{
			name: "contacts", about: "customers", from: "contact x", person: "x.contact_id IN " + theirs, order: "contact_id", table: true,
			fields: "id=contact_id name email phone external_id organisation_id locale note attributes:json merged_into group=is_group:bool last_seen_at:time created_at:time updated_at:time",
		},
		{
			name: "contact_identities", about: "how inboxes know them", from: "contact_identity x", person: "x.contact_id IN " + theirs, order: "inbox_id, external_id",
			fields: "contact_id inbox_id external_id kind label email phone verified_at:time created_at:time",
		},
		{
			name: "contact_notes", about: "notes about them", from: "contact_note x", person: "x.contact_id IN " + theirs, order: "note_id",
			fields: "id=note_id contact_id text author_kind author_id author_name created_at:time updated_at:time",
		},
		{
			name: "conversations", about: "conversations", from: "conversation x", person: "x.contact_id IN " + theirs, order: "conversation_id",
			fields: "id=conversation_id number:number inbox_id contact_id address=recipient state snoozed_until:time waiting_since:time assignee_id team_id queue_id answered_by followers=participants priority:number labels attributes:json ignored:bool merged_into created_at:time updated_at:time",
		},
		{
			name: "messages", about: "messages and notes; seq orders them in their conversation", from: "message x", person: "x.conversation_id IN " + talks, order: "conversation_id, seq",
			fields: "id=message_id conversation_id seq:number kind sender_kind sender_id sender_name text extras:json delivery created_at:time",
		},
		{
			name: "message_html", about: "the HTML of messages that have it, as it came", from: "message_html x", person: "x.conversation_id IN " + talks, order: "conversation_id, seq",
			fields: "conversation_id seq:number html",
		},
		{
			name: "message_versions", about: "what messages said before they were edited or taken back; change_seq names the change that did", from: "message_version x", person: "x.conversation_id IN " + talks, order: "conversation_id, seq, change_seq",
			fields: "conversation_id seq:number change_seq:number at:time text extras:json",
		},
		{
			name: "scheduled_messages", about: "messages that were written to be sent later", from: "scheduled x", person: "x.conversation_id IN " + talks, order: "scheduled_id",
			fields: "id=scheduled_id conversation_id author_id author_name text state send_at:time created_at:time",
		},
		{
			name: "conversation_changes", about: "the history of conversations; message_seq names the message it brought", from: "conversation_change x", person: "x.conversation_id IN " + talks, order: "conversation_id, seq",
			fields: "conversation_id seq:number type at:time actor_kind actor_id actor_name message_seq:number data:json",
		},
		{
			name: "findings", about: "what analyzers noticed in messages", from: "finding x", person: "x.conversation_id IN " + talks, order: "finding_id",
			fields: "id=finding_id conversation_id message_id message_seq:number connection_id analyzer code level title:json advice:json start=start_at:number end=end_at:number thousandths=score:number created_at:time dismissed_at:time dismissed_kind dismissed_by dismissed_name",
		},
		{name: "whispers", about: "what supervisors told whoever had a conversation; seq names the change after which", from: "whisper x", order: "whisper_id", fields: "id=whisper_id conversation_id seq:number from_id from_name to_id to_name text at:time"},
		{
			name: "ratings", about: "ratings that were given", from: "rating x", where: "x.given_at > 0", person: "x.contact_id IN " + theirs, order: "rating_id",
			fields: "conversation_id contact_id member_id team_id score:number comment via given_at:time",
		},
		{
			name: "tickets", about: "tickets", from: "ticket x", person: "x.contact_id IN " + theirs, order: "ticket_id", table: true,
			fields: "id=ticket_id number:number type_id title description status priority:number contact_id conversation_id inbox_id assignee_id team_id followers labels fields:json due_at:time merged_into created_kind created_by created_name created_at:time updated_at:time solved_at:time closed_at:time rating_score:number rating_comment rating_at:time",
		},
		{
			name: "ticket_comments", about: "what was written in tickets", from: "ticket_comment x", person: "x.ticket_id IN " + tickets, order: "ticket_id, seq",
			fields: "id=comment_id ticket_id seq:number public:bool author_kind author_id author_name text mentions:json created_at:time",
		},
		{
			name: "ticket_changes", about: "the history of tickets", from: "ticket_change x", person: "x.ticket_id IN " + tickets, order: "ticket_id, seq",
			fields: "ticket_id seq:number type at:time actor_kind actor_id actor_name data:json",
		},
		{
			name: "ticket_links", about: "which tickets belong together", from: "ticket_link x", person: "x.ticket_id IN " + tickets, order: "ticket_id, link_id",
			fields: "ticket_id kind other_id",
		},
		{
			name: "attachments", about: "files of messages and tickets; place_id is the conversation or ticket, path the file in this archive; role tells voice messages and whole messages as they came, arrival (fetching, scanning, failed, gone, infected) that the file is not here or is kept back, so that it has no file in this archive", from: "attachment x", where: "x.state = 'taken'",
			person: "(x.conversation_id IN " + talks + " OR x.conversation_id IN " + tickets + ")", order: "attachment_id",
			fields: "id=attachment_id place_id=conversation_id seq=message_seq:number name type size:number sha256 role content_id arrival arrival_code arrival_detail created_at:time removed_at:time",
		},
		{
			name: "visitor_sessions", about: "visitors of the site, with what they or the site said of themselves", from: "visitor_session x", order: "visitor_id",
			person: "EXISTS (SELECT 1 FROM contact_identity i WHERE i.workspace_id = x.workspace_id AND i.inbox_id = x.inbox_id AND (i.external_id = x.visitor_id OR x.subject <> '' AND i.external_id = 'sub:' || x.subject) AND i.contact_id IN " + theirs + ")",
			fields: "id=visitor_id inbox_id subject name email phone locale attributes:json consent_at:time created_at:time expires_at:time",
		},
		{
			name: "page_views", about: "pages that visitors looked at", from: "page_view x", order: "inbox_id, external_id, at",
			person: "EXISTS (SELECT 1 FROM contact_identity i WHERE i.workspace_id = x.workspace_id AND i.inbox_id = x.inbox_id AND i.external_id = x.external_id AND i.contact_id IN " + theirs + ")",
			fields: "inbox_id external_id at:time url title referrer duration:number",
		},
	}
}
