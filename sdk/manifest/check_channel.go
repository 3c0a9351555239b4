package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bounds of windows and rates.
const (
	maxWindows, maxRates = 20, 10
	maxQuota             = 10_000
	maxWindowS           = 90 * 24 * 3600
	maxRateCount         = 10_000
	maxEveryS            = 24 * 3600
)

func (c *checker) channel(ch Channel) {
	if len(ch.Content) == 0 {
		c.fault([]string{"channel", "content"}, `is missing: ["text"]`)
	}
	c.channelWords("content", ch.Content, Contents())
	if ch.TextLimit < 0 || ch.TextLimit > maxTextLimit {
		c.fault([]string{"channel", "text_limit"}, "must be 0 (no limit of the far side) to %d characters", maxTextLimit)
	}
	limit := []string{"channel", "attachment_limit"}
	switch {
	case ch.AttachmentLimit != 0 && !ch.Files():
		c.fault(limit, "is only for channels whose content has image, audio or file")
	case ch.AttachmentLimit != 0 && (ch.AttachmentLimit < minAttachmentLimit || ch.AttachmentLimit > maxAttachmentLimit):
		c.fault(limit, "must be 0 (as the server's settings say) or %d to %d bytes", minAttachmentLimit, int64(maxAttachmentLimit))
	}
	c.carrier(ch)
	c.windows(ch.Windows)
	c.rates(ch.Rates)
}

// channelWords checks a list of words of the section channel.
func (c *checker) channelWords(key string, list, known []string) {
	for i, word := range list {
		if !slices.Contains(known, word) || slices.Contains(list[:i], word) {
			c.fault([]string{"channel", key, strconv.Itoa(i)}, "%q is not known here, or stands twice; there are: %s", word, strings.Join(known, ", "))
		}
	}
}

// carrier checks what only channels have that carry messages themselves.
func (c *checker) carrier(ch Channel) {
	c.channelWords("can", ch.Can, Abilities())
	c.word([]string{"channel", "threads"}, ch.Threads, ThreadsReply, ThreadsKey)
	if at := slices.Index(ch.Can, CanBegin); at >= 0 && (!slices.Contains(ch.Content, ContentEnvelope) || ch.Threads != ThreadsReply || len(ch.Windows) > 0) {
		c.fault([]string{"channel", "can", strconv.Itoa(at)}, "%q is for channels with addresses whose answers go on, at any time: content has envelope, threads is reply, and there are no windows", CanBegin)
	}
	for ability, seconds := range map[string]int{CanEdit: ch.EditForS, CanRecall: ch.RecallForS} {
		at := []string{"channel", ability + "_for_s"}
		switch {
		case seconds != 0 && !slices.Contains(ch.Can, ability):
			c.fault(at, "is only for channels that can %s", ability)
		case seconds < 0 || seconds > maxWindowS:
			c.fault(at, "must be 0 (always) to %d seconds", maxWindowS)
		}
	}
	if at := slices.Index(ch.Content, ContentMention); at >= 0 && !slices.Contains(ch.Can, CanGroups) {
		c.fault([]string{"channel", "content", strconv.Itoa(at)}, "%q is only for channels that can groups", ContentMention)
	}
	if !ch.Live {
		return
	}
	for key, there := range map[string]bool{
		"can": len(ch.Can) > 0, "send_key": ch.SendKey, "threads": ch.Threads != "", "windows": len(ch.Windows) > 0, "rates": len(ch.Rates) > 0,
	} {
		if there {
			c.fault([]string{"channel", key}, "is not for live channels: the core brings their messages to the visitor itself")
		}
	}
	for i, word := range ch.Content {
		if word == ContentHTML || word == ContentEnvelope || word == ContentLocation {
			c.fault([]string{"channel", "content", strconv.Itoa(i)}, "%q is not for live channels", word)
		}
	}
}

func (c *checker) windows(list []Window) {
	if len(list) > maxWindows {
		c.fault([]string{"channel", "windows"}, "has more than %d entries", maxWindows)
	}
	seen := make(map[string]bool, len(list))
	for i, w := range list {
		at := []string{"channel", "windows", strconv.Itoa(i)}
		if !regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`).MatchString(w.On) || seen[w.On] {
			c.fault(append(slices.Clone(at), "on"), `must be "message" or a word of yours, each once: 1 to 40 lower case letters, digits and "_"`)
		}
		seen[w.On] = true
		if w.Quota < 0 || w.Quota > maxQuota {
			c.fault(append(slices.Clone(at), "quota"), "must be 0 (any number) to %d messages", maxQuota)
		}
		if w.ForS < 1 || w.ForS > maxWindowS {
			c.fault(append(slices.Clone(at), "for_s"), "must be 1 to %d seconds", maxWindowS)
		}
	}
}

func (c *checker) rates(list []Rate) {
	if len(list) > maxRates {
		c.fault([]string{"channel", "rates"}, "has more than %d entries", maxRates)
	}
	for i, r := range list {
		at := []string{"channel", "rates", strconv.Itoa(i)}
		if r.Per != PerAccount && r.Per != PerRecipient {
			c.fault(append(slices.Clone(at), "per"), "must be %s or %s", PerAccount, PerRecipient)
		}
		if r.Count < 1 || r.Count > maxRateCount {
			c.fault(append(slices.Clone(at), "count"), "must be 1 to %d messages", maxRateCount)
		}
		if r.EveryS <= 0 || r.EveryS > maxEveryS {
			c.fault(append(slices.Clone(at), "every_s"), "must be more than 0, and at most %d seconds", maxEveryS)
		}
		if r.Burst < 0 || r.Burst > maxRateCount {
			c.fault(append(slices.Clone(at), "burst"), "must be 0 (as count) to %d messages", maxRateCount)
		}
	}
}
