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

// Outranked is returned when somebody's role holds more than the actor could give.
func Outranked() *errs.Error {
	return errs.New(errs.Forbidden, "member.outranked", "Their role may do more than you can give. Ask an owner.")
}

// OwnMembership is returned when somebody would give themselves another role.
func OwnMembership() *errs.Error {
	return errs.New(errs.Conflict, "member.own_role", "You cannot change your own role. Ask somebody else who may.")
}

// RoleBeyond is returned when a role holds what the actor could not give.
func RoleBeyond(fields ...errs.Field) *errs.Error {
	return errs.New(errs.Invalid, "role.beyond_yours", "Nobody gives what they do not hold themselves.").WithFields(fields...)
}

// BuiltInRole is returned when a role that every workspace has would change.
func BuiltInRole() *errs.Error {
	return errs.New(errs.Conflict, "role.built_in", "A built-in role does not change. Copy it and change the copy.")
}

// OwnRole is returned when somebody would change the role that they have.
func OwnRole() *errs.Error {
	return errs.New(errs.Conflict, "role.own", "You cannot change the role that you have yourself.")
}

// RoleInUse is returned when a role would go that somebody has or is invited to.
func RoleInUse() *errs.Error {
	return errs.New(errs.Conflict, "role.in_use", "Members or invitations have this role. Give them another one first.")
}

// RoleNameTaken is the answer to a second role of one name.
func RoleNameTaken() *errs.Error {
	return errs.New(errs.Conflict, "role.name_taken", "Another role has this name.").
		WithFields(errs.Field{Pointer: "/name", Code: "taken", Detail: "another role has this name"})
}

// TooManyRoles is the answer to a role beyond MaxRoles.
func TooManyRoles() *errs.Error {
	return errs.New(errs.Conflict, "role.too_many", "The workspace has as many roles as it can have. Delete one first.")
}
