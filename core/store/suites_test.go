package store_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/alert/alerttest"
	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/audit/audittest"
	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/catalog/catalogtest"
	"github.com/patchbay-im/patchbay/core/channel/backfill/backfilltest"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	messagetemplatetest "github.com/patchbay-im/patchbay/core/channel/template/templatetest"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery/deliverytest"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/connectiontest"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/extension/mirrortest"
	"github.com/patchbay-im/patchbay/core/extension/toolcalltest"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/instance/instancetest"
	"github.com/patchbay-im/patchbay/core/journey/journeytest"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/license/licensetest"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
	"github.com/patchbay-im/patchbay/core/notification/notificationtest"
	"github.com/patchbay-im/patchbay/core/policy/policytest"
	"github.com/patchbay-im/patchbay/core/push/pushtest"
	"github.com/patchbay-im/patchbay/core/queue/queuetest"
	"github.com/patchbay-im/patchbay/core/routing/routingtest"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/survey/surveytest"
	"github.com/patchbay-im/patchbay/core/team/teamtest"
	"github.com/patchbay-im/patchbay/core/template/templatetest"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
	"github.com/patchbay-im/patchbay/core/view/viewtest"
	"github.com/patchbay-im/patchbay/core/webhook/webhooktest"
)

func TestSQLite(t *testing.T) {
	suites(t, lite(t).fresh)
}

func TestPostgres(t *testing.T) {
	suites(t, postgres(t).fresh)
}

// suites runs every port's suite on one database system.
func suites(t *testing.T, fresh func(t *testing.T) *store.Store) {
	t.Helper()
	t.Run("identity", func(t *testing.T) {
		identitytest.Run(t, func(t *testing.T) identitytest.Fixture {
			s := fresh(t)
			return identitytest.Fixture{Stores: s.Identities(), Log: s.Events()}
		})
	})
	t.Run("audit", func(t *testing.T) {
		audittest.Run(t, func(t *testing.T) (audit.Store, identity.WorkspaceID, identity.WorkspaceID) {
			return auditFixture(t, fresh(t))
		})
	})
	t.Run("team", func(t *testing.T) {
		teamtest.Run(t, func(t *testing.T) teamtest.Fixture { return teamFixture(t, fresh(t)) })
	})
	t.Run("alert", func(t *testing.T) {
		alerttest.Run(t, func(t *testing.T) alerttest.Fixture {
			s := fresh(t)
			return alerttest.Fixture{Store: s.Alerts(), Log: s.Events(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("policy", func(t *testing.T) {
		policytest.Run(t, func(t *testing.T) policytest.Fixture {
			s := fresh(t)
			return policytest.Fixture{Store: s.Policies(), Log: s.Events(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("calendar", func(t *testing.T) {
		calendartest.Run(t, func(t *testing.T) calendartest.Fixture {
			s := fresh(t)
			return calendarFixture(t, s)
		})
	})
	t.Run("queue", func(t *testing.T) {
		queuetest.Run(t, func(t *testing.T) queuetest.Fixture { return queueFixture(t, fresh(t)) })
	})
	t.Run("routing", func(t *testing.T) {
		routingtest.Run(t, func(t *testing.T) routingtest.Fixture {
			s := fresh(t)
			return routingtest.Fixture{Store: s.Routings(), Log: s.Events(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("template", func(t *testing.T) {
		templatetest.Run(t, func(t *testing.T) templatetest.Fixture {
			s := fresh(t)
			return templatetest.Fixture{Store: s.Templates(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("media", func(t *testing.T) {
		mediatest.Run(t, func(t *testing.T) mediatest.Fixture { return mediaFixture(t, fresh(t)) })
	})
	t.Run("notification", func(t *testing.T) {
		notificationtest.Run(t, func(t *testing.T) notificationtest.Fixture { return notificationFixture(t, fresh(t)) })
	})
	t.Run("push", func(t *testing.T) {
		pushtest.Run(t, func(t *testing.T) pushtest.Fixture { return pushFixture(t, fresh(t)) })
	})
	t.Run("contact", func(t *testing.T) {
		contacttest.Run(t, func(t *testing.T) contacttest.Fixture { return contactFixture(t, fresh(t)) })
	})
	t.Run("journey", func(t *testing.T) {
		journeytest.Run(t, func(t *testing.T) journeytest.Fixture {
			s := fresh(t)
			return journeytest.Fixture{Reader: s.Journeys(), Conversations: fixture(s), People: s.Contacts()}
		})
	})
	t.Run("channel", func(t *testing.T) {
		channeltest.Run(t, func(t *testing.T) channeltest.Fixture { return channelFixture(t, fresh(t)) })
	})
	t.Run("conversation", func(t *testing.T) {
		conversationtest.Run(t, func(t *testing.T) conversationtest.Fixture { return fixture(fresh(t)) })
	})
	t.Run("condition", func(t *testing.T) {
		instancetest.Run(t, func(t *testing.T) instancetest.Fixture { return conditionFixture(t, fresh(t)) })
	})
	t.Run("catalog", func(t *testing.T) {
		catalogtest.Run(t, func(t *testing.T) catalogtest.Fixture { return catalogFixture(t, fresh(t)) })
	})
	t.Run("delivery", func(t *testing.T) {
		deliverytest.Run(t, func(t *testing.T) deliverytest.Fixture {
			return deliveryFixture(fresh(t))
		})
	})
	t.Run("view", func(t *testing.T) {
		viewtest.Run(t, func(t *testing.T) viewtest.Fixture {
			s := fresh(t)
			return viewtest.Fixture{Store: s.Views(), Lister: s.Conversations(), Conversations: fixture(s)}
		})
	})
	t.Run("ticket", func(t *testing.T) {
		tickettest.Run(t, func(t *testing.T) tickettest.Fixture {
			s := fresh(t)
			return tickettest.Fixture{Store: s.Tickets(), Reader: s.Tickets(), Conversations: fixture(s), Workspaces: s.Identities().Workspaces}
		})
	})
	t.Run("survey", func(t *testing.T) {
		surveytest.Run(t, func(t *testing.T) surveytest.Fixture {
			s := fresh(t)
			return surveytest.Fixture{Store: s.Surveys(), Conversations: fixture(s), Tickets: s.Tickets()}
		})
	})
	t.Run("webhook", func(t *testing.T) {
		webhooktest.Run(t, func(t *testing.T) webhooktest.Fixture {
			s := fresh(t)
			w := s.Webhooks()
			return webhooktest.Fixture{Store: w, Ledger: w, Log: w, Feed: s.Events(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("connections", func(t *testing.T) {
		connectiontest.Run(t, func(t *testing.T) connectiontest.Fixture {
			s := fresh(t)
			return connectiontest.Fixture{Store: s.Extensions(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("idempotency", func(t *testing.T) {
		idempotencytest.Run(t, func(t *testing.T) idempotencytest.Fixture { return claimFixture(t, fresh(t)) })
	})
	t.Run("extension", func(t *testing.T) {
		extensiontest.Run(t, func(t *testing.T) extensiontest.Fixture {
			s := fresh(t)
			f, states := teamFixture(t, s), s.PluginStates()
			return extensiontest.Fixture{
				State: states, Claims: states, Leases: states, Schedules: s.PluginSchedules(), Workspace: f.Workspace(t), Other: f.Workspace(t),
			}
		})
	})
	t.Run("mirrors", func(t *testing.T) {
		mirrortest.Run(t, func(t *testing.T) mirrortest.Fixture { return mirrorFixture(t, fresh(t)) })
	})
	t.Run("tool calls", func(t *testing.T) {
		toolcalltest.Run(t, func(t *testing.T) toolcalltest.Fixture {
			s := fresh(t)
			return toolcalltest.Fixture{Calls: s.ToolCalls(), Feed: s.Events(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("licenses", func(t *testing.T) {
		licensetest.Run(t, func(t *testing.T) license.Store { return fresh(t).Licenses() })
	})
	t.Run("plugin lives", func(t *testing.T) {
		extensiontest.TestLives(t, func(t *testing.T) extension.Lives { return fresh(t).Lives() })
	})
	t.Run("backfills", func(t *testing.T) {
		backfilltest.Run(t, func(t *testing.T) backfilltest.Fixture {
			s := fresh(t)
			return backfilltest.Fixture{Store: s.Backfills(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("templates of inboxes", func(t *testing.T) {
		messagetemplatetest.Run(t, func(t *testing.T) messagetemplatetest.Fixture {
			s := fresh(t)
			return messagetemplatetest.Fixture{Store: s.InboxTemplates(), Workspace: teamFixture(t, s).Workspace}
		})
	})
	t.Run("followings", func(t *testing.T) {
		s := fresh(t)
		f := teamFixture(t, s)
		extensiontest.TestFollowings(t, s.Followings(), f.Workspace(t), f.Workspace(t))
	})
	t.Run("dispatch", func(t *testing.T) {
		dispatchtest.Run(t, func(t *testing.T) dispatchtest.Fixture { return dispatchFixture(t, fresh(t)) })
	})
	t.Run("dispatch with a dispatcher", func(t *testing.T) {
		dispatchtest.RunPeers(t, func(t *testing.T) dispatchtest.Fixture { return dispatchFixture(t, fresh(t)) })
	})
}

func config() store.Config {
	return store.Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// openSQLite opens a new database in a file.
func openSQLite(t *testing.T) *store.Store {
	t.Helper()
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(t.TempDir(), "patchbay.db")
	return open(t, c)
}

func open(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}
