package telegramrig

import (
	"encoding/json"
	"unicode/utf16"
)

// named reads the entities of a text: offsets and lengths in units of UTF-16 that
// cut no character, a text_mention with its user. Who is not known in the chat is
// passed over, as Telegram does.
func (c *chat) named(raw, text string) ([]Named, *failure) {
	if raw == "" {
		return nil, nil
	}
	var all []struct {
		Type   string `json:"type"`
		Offset int    `json:"offset"`
		Length int    `json:"length"`
		User   *struct {
			ID int64 `json:"id"`
		} `json:"user"`
	}
	if json.Unmarshal([]byte(raw), &all) != nil {
		return nil, bad("can't parse entities")
	}
	whole := utf16.Encode([]rune(text))
	var out []Named
	for _, e := range all {
		end := e.Offset + e.Length
		switch {
		case e.Offset < 0 || e.Length <= 0 || end > len(whole) || cuts(whole, e.Offset) || cuts(whole, end):
			return nil, bad("ENTITY_BOUNDS_INVALID")
		case e.Type != "text_mention":
			return nil, bad("unsupported entity type " + e.Type)
		case e.User == nil || e.User.ID <= 0:
			return nil, bad("can't parse MessageEntity: Can't find field \"user\"")
		case c.wrote[e.User.ID]:
			out = append(out, Named{e.User.ID, string(utf16.Decode(whole[e.Offset:end]))})
		}
	}
	return out, nil
}

// cuts reports whether a place is within a character.
func cuts(text []uint16, at int) bool {
	return at > 0 && at < len(text) && utf16.IsSurrogate(rune(text[at])) && text[at] >= 0xdc00
}
