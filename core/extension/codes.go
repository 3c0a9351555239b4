package extension

// Codes of a call into a plugin that came to nothing. While the process is away
// the code is "plugin." and its State instead.
const (
	CodeNoAnswer  = "plugin.no_answer"  // it did not answer in time, or its connection broke
	CodeRefused   = "plugin.refused"    // it answered that it will not
	CodeBadAnswer = "plugin.bad_answer" // it answered with what cannot be used
	CodeDied      = "plugin.died"       // its process ended during the call
	CodeTooSlow   = "plugin.too_slow"   // it did not answer within the time that its manifest gives it
	CodeBusy      = "plugin.busy"       // it is asked as much, or as often, as it may be; nothing was asked
)
