package queue

import (
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

// CodeInvalid is the code of a queue, a skill, or a member's skills whose
// values are not accepted.
const CodeInvalid = "queue.invalid"

const refused = "Some values are not accepted."

// NameTaken is the answer to a second queue or skill of one name.
func NameTaken() *errs.Error {
	return errs.New(errs.Conflict, "queue.name_taken", "Another one has this name.").
		WithFields(errs.Field{Pointer: "/name", Code: "taken", Detail: "another one has this name"})
}

// TooMany is the answer to a queue beyond MaxQueues.
func TooMany() *errs.Error {
	return errs.New(errs.Conflict, "queue.too_many", "The workspace has as many queues as it can have. Delete one first.")
}

// TooManySkills is the answer to a skill beyond MaxSkills.
func TooManySkills() *errs.Error {
	return errs.New(errs.Conflict, "queue.too_many_skills", "The workspace has as many skills as it can have. Delete one first.")
}

// Unknown is the answer to something that is not of the workspace.
func Unknown(pointer string) *errs.Error {
	return errs.New(errs.Invalid, CodeInvalid, refused).
		WithFields(errs.Field{Pointer: pointer, Code: "unknown", Detail: "names something that is not in this workspace"})
}

// InboxTaken is the answer to an inbox that has another queue.
func InboxTaken() *errs.Error {
	return errs.New(errs.Conflict, "queue.inbox_taken", "An inbox has one queue. Take it from the other queue first.").
		WithFields(errs.Field{Pointer: "/inbox_ids", Code: "taken", Detail: "names an inbox that has another queue"})
}

// TicketsTaken is the answer to a second queue that takes the tickets of a team,
// with the name of the first.
func TicketsTaken(name string) *errs.Error {
	return errs.New(errs.Conflict, "queue.tickets_taken", "The tickets of this team wait in the queue "+name+". Switch that off first.").
		WithFields(errs.Field{Pointer: "/tickets", Code: "taken", Detail: "another queue of this team takes its tickets"})
}

// Stale is the answer to a change of what somebody else has changed since.
func Stale() *errs.Error {
	return errs.New(errs.Conflict, "queue.stale", "Somebody else has changed it since. Look at it again, then save.")
}

// InUse is the answer to deleting what queues refer to, which are named.
func InUse(names ...string) *errs.Error {
	return errs.New(errs.Conflict, "queue.in_use", "Queues use it: "+strings.Join(names, ", ")+". Change them first.")
}

// Circle is the answer to queues that overflow into each other.
func Circle(names ...string) *errs.Error {
	return errs.New(errs.Invalid, "queue.circle", "Queues would overflow in a circle: "+strings.Join(names, " → ")+".").
		WithFields(errs.Field{Pointer: "/overflow/queue_id", Code: "circle", Detail: "leads back to this queue"})
}
