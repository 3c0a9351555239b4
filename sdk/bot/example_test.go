package bot_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// hours knows one thing.
type hours struct{}

func (hours) Turn(_ context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	var known struct{ Misses int }
	if err := req.Recall(&known); err != nil {
		known.Misses = 0 // of another version: begin anew
	}
	said, _ := req.Said()
	switch {
	case strings.Contains(strings.ToLower(said.Content.Text), "open"):
		return bot.TurnResponse{Confidence: 1}, out.Reply(message.Text("We open from 9 to 17."))
	case known.Misses > 0:
		return bot.TurnResponse{}, out.HandOff(bot.HandOff{Reason: bot.ReasonNoAnswer, Summary: "Asked: " + said.Content.Text})
	}
	known.Misses++
	if err := out.Reply(message.Text("I know only when we open.")); err != nil {
		return bot.TurnResponse{}, err
	}
	return bot.TurnResponse{}.Remember(known)
}

// A test calls a bot without a process: NewTurn takes what it says.
func ExampleBot() {
	out := bot.NewTurn(func(e bot.Event) error {
		switch {
		case e.Reply != nil:
			fmt.Println("says", e.Reply.Text)
		case e.HandOff != nil:
			fmt.Println("hands over:", e.HandOff.Reason)
		}
		return nil
	})
	var memory []byte
	for _, text := range []string{"When do you open?", "Where are you?", "Do you ship?"} {
		answer, err := hours{}.Turn(context.Background(), bot.TurnRequest{
			Trigger: bot.TriggerMessage, Memory: memory,
			History: []message.Message{{Author: message.AuthorCustomer, Content: message.Text(text)}},
		}, out)
		if err != nil {
			fmt.Println(err)
		}
		memory = answer.Memory
	}
	fmt.Println(out.Reply(message.Text("One more thing")))
	// Output:
	// says We open from 9 to 17.
	// says I know only when we open.
	// hands over: no_answer
	// the bot has handed the conversation over, or resolved it: its part is over
}
