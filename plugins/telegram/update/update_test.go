package update_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/plugins/telegram/update"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/message"
)

var settings = update.Settings{Groups: true, Words: update.WordsIn("en")}

// wrote is a message of Alice's with fields.
func wrote(fields string) json.RawMessage {
	return json.RawMessage(`{"update_id":7,"message":{"message_id":9,"date":1700000000,"chat":{"id":42,"type":"private","first_name":"Alice"},` +
		`"from":{"id":42,"is_bot":false,"first_name":"Alice","last_name":"王","username":"alice","language_code":"zh"},` + fields + `}}`)
}

func one(t *testing.T, raw json.RawMessage) channel.Inbound {
	t.Helper()
	r, err := update.Of(raw, settings)
	if err != nil || r.ID != 7 || len(r.Items) != 1 {
		t.Fatalf("%s: %+v, %v", raw, r, err)
	}
	return r.Items[0]
}

func TestTexts(t *testing.T) {
	for fields, want := range map[string]string{
		`"text":"hello"`: "hello",
		`"text":"see here and 🙂 there.","entities":[{"type":"bold","offset":0,"length":3},{"type":"text_link","offset":4,"length":4,"url":"https://a.example/"},{"type":"text_link","offset":13,"length":8,"url":"https://b.example/"}]`: "see here (https://a.example/) and 🙂 there (https://b.example/).",
		`"text":"x","entities":[{"type":"text_link","offset":0,"length":99,"url":"https://a.example/"}]`:                                                                                                                                 "x",
		`"text":"hi","forward_origin":{"type":"user","date":1,"sender_user":{"id":5,"first_name":"Bob"}}`:                                                                                                                                "[Forwarded from Bob]\nhi",
		`"text":"hi","forward_origin":{"type":"hidden_user","date":1,"sender_user_name":"Carol"}`:                                                                                                                                        "[Forwarded from Carol]\nhi",
		`"text":"hi","forward_origin":{"type":"channel","date":1,"chat":{"id":-1,"type":"channel","title":"News"},"message_id":3}`:                                                                                                       "[Forwarded from News]\nhi",
		`"contact":{"phone_number":"8613800138000","first_name":"Bob"}`:                                                                                                                                                                  "[Contact] Bob, +8613800138000",
	} {
		if in := one(t, wrote(fields)); in.Content.Text != want {
			t.Errorf("%s: %q", fields, in.Content.Text)
		}
	}
	in := one(t, wrote(`"text":"yes","quote":{"text":"blue\nor red?","position":3},"reply_to_message":{"message_id":4,"date":1,"chat":{"id":42,"type":"private"},"text":"which, blue\nor red?"}`))
	if in.Content.Quoted != "> blue\n> or red?" || !reflect.DeepEqual(in.References, []string{"42:4"}) || in.ExternalID != "42:9" {
		t.Errorf("%+v", in)
	}
	if in.Sender.Name != "Alice 王" || in.Sender.Attributes["telegram"] != "@alice" || in.Sender.Attributes["language"] != "zh" {
		t.Errorf("%+v", in.Sender)
	}
}

// Chatwoot #3037 and #8428: every kind of file comes in, named by what Telegram
// hands it out by.
func TestIssue3037And8428Attachments(t *testing.T) {
	const id = `"file_id":"F","file_unique_id":"u"`
	for fields, want := range map[string]message.Attachment{
		`"photo":[{` + id + `,"width":9,"height":9,"file_size":90},{"file_id":"S","file_unique_id":"s","width":1,"height":1}]`: {MediaType: "image/jpeg", Filename: "photo.jpg", Size: 90},
		`"document":{` + id + `,"file_name":"清单.pdf","mime_type":"application/pdf","file_size":5}`:                             {MediaType: "application/pdf", Filename: "清单.pdf", Size: 5},
		`"voice":{` + id + `,"duration":3,"mime_type":"audio/ogg","file_size":7}`:                                              {MediaType: "audio/ogg", Filename: "voice.ogg", Size: 7, Voice: true},
		`"audio":{` + id + `,"duration":3,"title":"Song"}`:                                                                     {MediaType: "audio/mpeg", Filename: "Song"},
		`"video":{` + id + `,"width":1,"height":1,"duration":3}`:                                                               {MediaType: "video/mp4", Filename: "video.mp4"},
		`"video_note":{` + id + `,"length":1,"duration":3}`:                                                                    {MediaType: "video/mp4", Filename: "video-message.mp4"},
		`"animation":{` + id + `,"width":1,"height":1,"duration":3},"document":{"file_id":"D","file_unique_id":"d"}`:           {MediaType: "video/mp4", Filename: "animation.mp4"},
		`"sticker":{` + id + `,"type":"regular","width":1,"height":1,"is_animated":false,"is_video":false,"emoji":"👍"}`:        {MediaType: "image/webp", Filename: "sticker.webp"},
	} {
		in := one(t, wrote(fields+`,"caption":"look","caption_entities":[],"media_group_id":"album"`))
		if want.Fetch = "F"; len(in.Content.Attachments) != 1 || in.Content.Attachments[0] != want || in.Content.Text != "look" || in.Content.Unsupported != nil {
			t.Errorf("%s: %+v", fields, in.Content)
		}
	}
}

// What has no words of ours is a placeholder, and never dropped; what Telegram
// writes about a chat says nothing.
func TestPlaceholders(t *testing.T) {
	for fields, want := range map[string]message.Unsupported{
		`"sticker":{"file_id":"F","file_unique_id":"u","type":"regular","width":1,"height":1,"is_animated":true,"is_video":false,"emoji":"👍"}`: {Kind: "sticker", Summary: "👍"},
		`"dice":{"emoji":"🎲","value":6}`: {Kind: "dice", Summary: "🎲 6"},
		`"poll":{"id":"1","question":"Tea?","options":[{"text":"Green","voter_count":0},{"text":"Black","voter_count":0}]}`: {Kind: "poll", Summary: "Tea?\n- Green\n- Black"},
		`"hologram":{"of":"tomorrow"}`:                         {Kind: "hologram"},
		`"poll":"no object at all"`:                            {Kind: "poll"},
		`"forward_origin":{"type":"of tomorrow"},"hologram":1`: {Kind: "hologram"},
	} {
		in := one(t, wrote(fields))
		if u := in.Content.Unsupported; u == nil || *u != want || in.Sender.ID != "42" {
			t.Errorf("%s: %+v", fields, in.Content)
		}
	}
	if in := one(t, wrote(`"text":"still read","forward_origin":{"type":"of tomorrow"}`)); in.Content.Text != "still read" {
		t.Errorf("%+v", in.Content)
	}
	for _, fields := range []string{`"new_chat_title":"x"`, `"pinned_message":{"message_id":1,"date":1,"chat":{"id":42,"type":"private"},"text":"x"}`, `"left_chat_member":{"id":1,"is_bot":false,"first_name":"B"}`} {
		if r, err := update.Of(wrote(fields), settings); err != nil || len(r.Items) != 0 || r.ID != 7 {
			t.Errorf("%s: %+v, %v", fields, r, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	in := one(t, wrote(`"location":{"latitude":1.5,"longitude":2.5},"venue":{"location":{"latitude":31.2,"longitude":121.5},"title":"Shop","address":"Road 1"}`))
	if want := (message.Location{Latitude: 31.2, Longitude: 121.5, Name: "Shop", Address: "Road 1"}); in.Content.Location == nil || *in.Content.Location != want {
		t.Errorf("%+v", in.Content.Location)
	}
	live := strings.Replace(string(wrote(`"edit_date":1700000009,"location":{"latitude":1.5,"longitude":2.5}`)), `"message":`, `"edited_message":`, 1)
	if r, err := update.Of(json.RawMessage(live), settings); err != nil || len(r.Items) != 0 {
		t.Errorf("a live place: %+v, %v", r, err)
	}
}

// A group is one customer, and each item says whose it is; left out it is nobody.
func TestGroups(t *testing.T) {
	group := func(fields string) json.RawMessage {
		return json.RawMessage(strings.Replace(string(wrote(fields)), `"chat":{"id":42,"type":"private","first_name":"Alice"}`, `"chat":{"id":-100500,"type":"supergroup","title":"Tea"}`, 1))
	}
	in := one(t, group(`"text":"hello"`))
	if in.Sender.ID != "-100500" || in.Sender.Name != "Tea" || in.Content.Text != "hello" || len(in.Sender.Attributes) != 1 || !in.Sender.Group ||
		in.Member == nil || *in.Member != (channel.Member{ID: "42", Name: "Alice 王"}) {
		t.Errorf("%+v", in)
	}
	if in := one(t, group(`"text":"hello","sender_chat":{"id":-100500,"type":"supergroup","title":"Tea"},"author_signature":"Owner"`)); in.Content.Text != "hello" || *in.Member != (channel.Member{ID: "-100500", Name: "Owner"}) {
		t.Errorf("%+v", in)
	}
	if r, err := update.Of(group(`"text":"hello"`), update.Settings{Words: settings.Words}); err != nil || len(r.Items) != 0 {
		t.Errorf("left out: %+v, %v", r, err)
	}
	if r, err := update.Of(group(`"migrate_from_chat_id":-500`), settings); err != nil || r.Moved != (update.Move{From: -500, To: -100500}) {
		t.Errorf("moved: %+v, %v", r, err)
	}
}

func TestIDs(t *testing.T) {
	for _, bad := range []string{"", "42", "42:", ":1", "0:1", "42:0", "42:-1", "a:b", "42:1+2", "99999999999999999999:1"} {
		if _, _, ok := update.ParseID(bad); ok {
			t.Errorf("%q is an id", bad)
		}
	}
	if chat, n, ok := update.ParseID(update.ID(-100500, 7)); !ok || chat != -100500 || n != 7 {
		t.Errorf("%d, %d, %v", chat, n, ok)
	}
}

// Whatever comes, nothing panics, the same bytes are the same items, and every
// item can be told to the core.
func FuzzOf(f *testing.F) {
	for _, fields := range []string{`"text":"/start x"`, `"text":"a","entities":[{"type":"text_link","offset":-5,"length":3,"url":"u"}]`, `"photo":[]`, `"reply_to_message":{"message_id":-1}`} {
		f.Add([]byte(wrote(fields)))
	}
	f.Add([]byte(`{"update_id":1,"callback_query":{"id":"1","from":{"id":1},"message":{"date":0,"chat":{"id":1,"type":"private"},"message_id":1},"data":"x"}}`))
	f.Add([]byte(`{"update_id":1,"my_chat_member":{"chat":{"id":1,"type":"private"},"from":{"id":1},"date":1,"old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked"}}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := update.Of(raw, settings)
		b, again := update.Of(raw, settings)
		if (err == nil) != (again == nil) || !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v, %v and %+v, %v", a, err, b, again)
		}
		for _, in := range a.Items {
			if in.ExternalID == "" || in.Sender.ID == "" || len(in.ExternalID) > 512 {
				t.Errorf("no name: %+v", in)
			}
			c := in.Content
			if c.Text == "" && c.Location == nil && c.Unsupported == nil && len(c.Attachments) == 0 {
				t.Errorf("nothing is said: %+v", in)
			}
			if !utf8.ValidString(c.Text) {
				t.Errorf("no UTF-8: %q", c.Text)
			}
			for _, file := range c.Attachments {
				if file.Fetch == "" || len(file.Fetch) > 2048 {
					t.Error(fmt.Sprint("no reference: ", file))
				}
			}
		}
	})
}
