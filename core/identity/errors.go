package identity

import "github.com/patchbay-im/patchbay/core/errs"

// EmailTaken is returned when another account has the e-mail address.
func EmailTaken() *errs.Error {
	return errs.New(errs.Conflict, "account.email_taken", "There is an account with this e-mail address already.")
}

// PasswordChanged is returned when the password was changed by somebody else meanwhile.
func PasswordChanged() *errs.Error {
	return errs.New(errs.Conflict, "account.password_changed", "The password was changed meanwhile. Sign in again.")
}

// AlreadyMember is returned when the account belongs to the workspace already,
// suspended or not.
func AlreadyMember() *errs.Error {
	return errs.New(errs.Conflict, "member.exists", "This person is a member of the workspace already.")
}

// LastOwner is returned instead of leaving a workspace without an active owner.
func LastOwner() *errs.Error {
	return errs.New(errs.Conflict, "member.last_owner", "A workspace needs an owner. Make somebody else an owner first.")
}

// InvitationNotValid is the one answer to an invitation token that is unknown,
// used, revoked or expired.
func InvitationNotValid() *errs.Error {
	return errs.New(errs.NotFound, "invitation.not_valid", "This invitation is not valid, or not any more. Ask for a new one.")
}

// InvitationSettled is returned when an invitation can no longer be revoked.
func InvitationSettled() *errs.Error {
	return errs.New(errs.Conflict, "invitation.settled", "This invitation was accepted or revoked before.")
}

// LinkNotValid is the one answer to a sign-in link that is unknown, used or expired.
func LinkNotValid() *errs.Error {
	return errs.New(errs.Unauthenticated, "link.not_valid", "This sign-in link is not valid, or not any more. Each works once.")
}

// SetupTokenInvalid is returned when the set-up token is not the one in force.
func SetupTokenInvalid() *errs.Error {
	return errs.New(errs.Unauthenticated, "setup.token_invalid",
		"The set-up link is not the current one. Restart the server: it prints a new one.")
}

// WrongCredentials is the one answer to a wrong password and to an unknown account.
func WrongCredentials() *errs.Error {
	return errs.New(errs.Unauthenticated, "session.wrong_credentials", "The e-mail address or the password is wrong.")
}

// SessionEnded is returned for a session token that is unknown or expired.
func SessionEnded() *errs.Error {
	return errs.New(errs.Unauthenticated, "session.ended", "You are not signed in, or not any more. Sign in again.")
}

// Outranked is returned when the actor's role may not act on the other role.
func Outranked() *errs.Error {
	return errs.New(errs.Forbidden, "member.outranked", "Only an owner may do this with an owner.")
}
