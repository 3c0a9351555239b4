package conversation

import (
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// fitsAll reports whether every installed channel can carry a text, so that
// nobody needs to look up which one it is for.
func (s *Service) fitsAll(text string) bool {
	for _, t := range s.Plugins.Types() {
		if limit := t.Capabilities.TextLimit; limit > 0 && len(text) > limit {
			return false
		}
	}
	return true
}

// capabilities are those of the channel's manifest; none when it is not installed.
func (s *Service) capabilities(plugin channel.PluginID) channel.Capabilities {
	for _, t := range s.Plugins.Types() {
		if t.Plugin == plugin {
			return t.Capabilities
		}
	}
	return channel.Capabilities{}
}

// maySend refuses what is new where nothing new leaves: the license of a paid
// channel is over. What was accepted before still leaves, and all comes in.
func (s *Service) maySend(plugin channel.PluginID) error {
	for _, t := range s.Plugins.Types() {
		if t.Plugin == plugin {
			return t.Barred
		}
	}
	return nil
}

// textLimit is the channel's limit, from its manifest.
func (s *Service) textLimit(plugin channel.PluginID) int {
	if limit := s.capabilities(plugin).TextLimit; limit > 0 {
		return min(limit, MaxText)
	}
	return MaxText
}

// checkReply refuses a quote that the channel cannot show.
func (s *Service) checkReply(plugin channel.PluginID, id MessageID) error {
	if id == "" || s.capabilities(plugin).Takes(channel.ContentReply) {
		return nil
	}
	return unsupported("/reply_to", "This channel cannot quote messages.")
}

// checkFiles refuses attachments that the channel cannot carry.
func (s *Service) checkFiles(plugin channel.PluginID, all []media.Attachment) error {
	can := s.capabilities(plugin)
	for _, a := range all {
		if !can.TakesKind(a.Kind) {
			return unsupported("/attachment_ids", "This channel cannot carry "+a.Name+".")
		}
		if can.AttachmentLimit > 0 && a.Size > can.AttachmentLimit {
			return unsupported("/attachment_ids", a.Name+" is larger than this channel can carry.")
		}
	}
	return nil
}

func unsupported(pointer, sentence string) error {
	return errs.New(errs.Invalid, "message.unsupported", sentence).
		WithFields(errs.Field{Pointer: pointer, Code: "unsupported", Detail: sentence})
}
