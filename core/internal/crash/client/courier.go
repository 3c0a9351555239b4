package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Courier is a member who brings files in pieces, goes on where the server
// says after every interruption, and gives most of them to a note.
type Courier struct {
	writer
	me rig.Member
}

// NewCourier returns a courier.
func NewCourier(w *World, name string, seed uint64, me rig.Member) *Courier {
	c := &Courier{me: me}
	c.writer = writer{party: newParty(w, name, seed), kind: verdict.Member, sender: me.ID, try: c.post}
	return c
}

// upload is what the server says of a file on its way.
type upload struct {
	ID         string
	Offset     int
	Attachment *struct{ ID string }
}

// Write brings files until the world halts.
func (c *Courier) Write(ctx context.Context) {
	for c.rest(ctx, 20*time.Millisecond, 100*time.Millisecond) && !c.world.isHalted() {
		data := make([]byte, 1+c.below(60<<10))
		for i := range data {
			data[i] = byte(i * len(data) >> 3)
		}
		id, ok := c.bring(ctx, data)
		if !ok {
			continue
		}
		sum := sha256.Sum256(data)
		f := verdict.File{Client: c.name, ID: id, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
		if d, ok := c.draft(); ok && c.chance(70) {
			d.kind, d.files = kindNote, []string{id}
			d.text = c.text(d.kind, d.id)
			c.say(ctx, d)
			f.ClientID, f.Conversation = d.id, d.conversation
		}
		c.world.Ledger.brought(f)
	}
}

// bring uploads a file and returns its attachment.
func (c *Courier) bring(ctx context.Context, data []byte) (string, bool) {
	var u upload
	for u.ID == "" {
		_, err := c.me.Call(ctx, http.MethodPost, c.me.At("/uploads"), map[string]any{"name": "文件.bin", "size": len(data)}, &u)
		if o := c.judge(ctx, err); o != accepted && (o != again || !c.retry(ctx)) {
			return "", false
		}
	}
	for u.Attachment == nil {
		end := min(len(data), u.Offset+1+c.below(40<<10))
		next, err := c.piece(ctx, u, data[u.Offset:end])
		switch p := rig.ProblemOf(err); {
		case err == nil && next.Offset != end:
			c.fault(verdict.Files, "%d bytes were acknowledged up to %d", end, next.Offset)
			return "", false
		case err == nil:
			u = next
		case p != nil && p.Code == "upload.offset" && len(p.Fields) == 1:
			if u.Offset, err = strconv.Atoi(p.Fields[0].Detail); err != nil || u.Offset > len(data) {
				c.fault(verdict.Files, "an upload of %d bytes goes on at %q", len(data), p.Fields[0].Detail)
				return "", false
			}
		default:
			if o := c.judge(ctx, err); o != again || !c.retry(ctx) {
				return "", false
			}
		}
	}
	return u.Attachment.ID, true
}

func (c *Courier) piece(ctx context.Context, u upload, data []byte) (upload, error) {
	var next upload
	path := c.me.At(fmt.Sprintf("/uploads/%s?offset=%d", u.ID, u.Offset))
	a, err := c.me.As("Content-Type", "application/octet-stream").Raw(ctx, http.MethodPatch, path, data)
	if err == nil {
		err = json.Unmarshal(a.Body, &next)
	}
	return next, err //nolint:wrapcheck // judged by the caller
}

func (c *Courier) post(ctx context.Context, d draft) (told, outcome) {
	var out rig.Posted
	answer, err := c.me.Call(ctx, http.MethodPost, c.me.At("/conversations/"+d.conversation+"/messages"), map[string]any{
		"client_msg_id": d.id, "kind": d.kind, "text": d.text, "attachment_ids": d.files,
	}, &out)
	if o := c.judge(ctx, err, refusals...); o != accepted {
		return told{}, o
	}
	return told{message: out.Message.ID, seq: out.Change.Seq, replayed: answer.Replayed()}, accepted
}
