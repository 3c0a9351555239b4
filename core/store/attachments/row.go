// Package attachments stores what is known of the files that messages carry.
// The bytes are not here: see core/blob.
package attachments

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// row is an attachment as it is stored.
type row struct {
	workspace, id, uploaderKind, uploaderID, state string
	name, mime, kind                               string
	size, received                                 int64
	sha256                                         string
	width, height, duration                        int64
	preview, conversation                          string
	seq, position, created, expires, removed       int64
	role, contentID                                string
	arrival, code, detail                          string
}

const columns = `workspace_id, attachment_id, uploader_kind, uploader_id, state, name, type, kind, size, received, sha256,
width, height, duration_ms, preview, conversation_id, message_seq, position, created_at, expires_at, removed_at, role, content_id,
arrival, arrival_code, arrival_detail`

const selectRows = `SELECT ` + columns + ` FROM attachment WHERE `

func (r *row) dest() []any {
	return []any{
		&r.workspace, &r.id, &r.uploaderKind, &r.uploaderID, &r.state, &r.name, &r.mime, &r.kind, &r.size, &r.received, &r.sha256,
		&r.width, &r.height, &r.duration, &r.preview, &r.conversation, &r.seq, &r.position, &r.created, &r.expires, &r.removed,
		&r.role, &r.contentID, &r.arrival, &r.code, &r.detail,
	}
}

func (r *row) uploader() media.Uploader {
	return media.Uploader{Kind: media.UploaderKind(r.uploaderKind), ID: r.uploaderID}
}

// place is the message that took it.
func (r *row) place() media.Place {
	return media.Place{Conversation: r.conversation, Seq: uint64(r.seq)} //nolint:gosec // a change's number
}

func (r *row) domain(s media.Signer) media.Attachment {
	return media.Attachment{
		Workspace: identity.WorkspaceID(r.workspace), ID: media.ID(r.id), Name: r.name, Type: r.mime, Size: r.size,
		Kind: media.Kind(r.kind), Width: int(r.width), Height: int(r.height),
		Duration: time.Duration(r.duration) * time.Millisecond, Preview: r.preview, SHA256: r.sha256,
		CreatedAt: db.Time(r.created), Ticket: s.Ticket(media.ID(r.id)),
		Role: media.Role(r.role), ContentID: r.contentID,
		Arrival: media.Arrival(r.arrival), Trouble: media.Trouble{Code: r.code, Detail: r.detail},
	}
}

func (r *row) upload(s media.Signer) media.Upload {
	return media.Upload{
		Attachment: r.domain(s), By: r.uploader(), State: media.State(r.state), Received: r.received,
		ExpiresAt: db.Time(r.expires), RemovedAt: db.Time(r.removed), In: r.place(),
	}
}
