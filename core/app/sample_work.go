package app

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// work answers some of the customers and makes tickets of what they ask: one
// waits, one is being talked to, one is done, and tickets stand in three columns.
func (s *samples) work(ctx context.Context, scope identity.Scope, words sampleWords, inbox channel.Inbox) error {
	found, err := s.conversations.List(ctx, scope, conversation.Filter{Inbox: inbox.ID}, page.Request{})
	if err != nil {
		return fmt.Errorf("list the sample conversations: %w", err)
	}
	of := func(key string) (c conversation.Conversation) {
		for _, each := range found.Items {
			if each.Recipient == key {
				c = each
			}
		}
		return c
	}
	talk, done := of("sample-talk"), of("sample-done")
	for _, p := range []conversation.Post{
		{Conversation: talk.ID, Kind: conversation.Text, Text: words.answers[0]},
		{Conversation: talk.ID, Kind: conversation.Note, Text: words.answers[1]},
		{Conversation: done.ID, Kind: conversation.Text, Text: words.answers[2]},
	} {
		p.ClientID = id.NewSource(s.now).New("msg")
		if _, err := s.conversations.Post(ctx, scope, p); err != nil {
			return fmt.Errorf("answer a sample customer: %w", err)
		}
	}
	if _, err := s.conversations.SetPriority(ctx, scope, talk.ID, conversation.High); err != nil {
		return fmt.Errorf("give a sample conversation its priority: %w", err)
	}
	if _, err := s.conversations.SetState(ctx, scope, done.ID, conversation.Resolved, time.Time{}); err != nil {
		return fmt.Errorf("resolve a sample conversation: %w", err)
	}
	for _, d := range []ticket.Draft{
		{Title: words.tickets[0], Priority: ticket.High, Conversation: of("sample-wait").ID, DueAt: s.now().AddDate(0, 0, 2)},
		{Title: words.tickets[1], Priority: ticket.Normal, Conversation: talk.ID, Assignee: scope.Member()},
		{Title: words.tickets[2], Priority: ticket.Low, Conversation: done.ID, Assignee: scope.Member()},
	} {
		if err := s.ticket(ctx, scope, d); err != nil {
			return err
		}
	}
	return nil
}

// ticket makes a ticket; one of low priority is solved already.
func (s *samples) ticket(ctx context.Context, scope identity.Scope, d ticket.Draft) error {
	t, err := s.tickets.Create(ctx, scope, d)
	if err == nil && d.Priority == ticket.Low {
		solved := ticket.Solved
		_, err = s.tickets.Update(ctx, scope, t.ID, ticket.Patch{Status: &solved})
	}
	if err != nil {
		return fmt.Errorf("make the sample ticket %q: %w", d.Title, err)
	}
	return nil
}

// sampleWords is what the sample data of a sandbox says. The people are made up,
// at addresses that reach nobody.
type sampleWords struct {
	shop, greeting, team, organisation string
	labels                             [2]string
	canned                             [2]string // title, text
	people                             []string  // name|local part of the address
	lines                              []line
	answers                            [3]string
	tickets                            [3]string
}

// sampleWordsIn returns them in a language: zh-CN, or English.
func sampleWordsIn(locale string) sampleWords {
	if locale == "zh-CN" {
		return sampleWords{
			shop: "茶时网店", greeting: "您好！有什么可以帮您？", team: "售后", organisation: "青山茶业",
			labels: [2]string{"退款", "物流"}, canned: [2]string{"问候", "您好，感谢您的咨询，请问有什么可以帮您？"},
			people: []string{"李明|li.ming", "陈静|chen.jing", "赵磊|zhao.lei"},
			lines: []line{
				{"sample-wait", "王芳", "你好，我想问一下我的订单什么时候发货？"},
				{"sample-talk", "周洋", "收到的茶壶有一道裂纹，可以换一个吗？"},
				{"sample-done", "孙丽", "请问可以开发票吗？"},
				{"sample-new", "Alex Smith", "Hi, do you ship to Singapore?"},
				{"sample-wait", "王芳", "订单号是 20261121-0042，谢谢 🙏"},
			},
			answers: [3]string{"非常抱歉！麻烦发一张照片，我们马上为您换新。", "仓库说这一批有三件同样的问题，先换货再追查。", "可以的，下单时填写抬头，电子发票会随订单发出。"},
			tickets: [3]string{"订单 20261121-0042 迟迟未发货", "茶壶有裂纹，换货", "补开发票"},
		}
	}
	return sampleWords{
		shop: "Tea & Time shop", greeting: "Hello! How can we help?", team: "After sales", organisation: "Green Hill Tea",
		labels: [2]string{"refund", "shipping"}, canned: [2]string{"Welcome", "Hello, and thank you for writing. How can we help?"},
		people: []string{"Ada Miller|ada", "Ben Carter|ben", "Chloe Martin|chloe"},
		lines: []line{
			{"sample-wait", "Grace Lee", "Hi, when does my order ship?"},
			{"sample-talk", "Alex Smith", "The teapot that came today has a crack. Can I have another one?"},
			{"sample-done", "Maria Garcia", "Can you send me an invoice?"},
			{"sample-new", "王芳", "你好，可以寄到上海吗？"},
			{"sample-wait", "Grace Lee", "It is number 20261121-0042, thank you 🙏"},
		},
		answers: [3]string{"I am sorry! Send us a photo and we replace it at once.", "The warehouse knows of three more from this batch. Replace first, then find out.", "Of course: put the company's name into your order and it comes with it."},
		tickets: [3]string{"Order 20261121-0042 has not shipped", "Teapot with a crack, replace it", "Invoice for an order"},
	}
}
