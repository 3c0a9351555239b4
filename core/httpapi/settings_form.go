package httpapi

import (
	"encoding/json"
	"regexp"
)

// oauthNode is the beginning of what a schema says of a field that is got by
// signing in. Inside a text its quotes would be escaped.
var oauthNode = regexp.MustCompile(`"x-oauth"\s*:\s*\{`)

// settingsForm is a plugin's config_schema as a form shows it: each field that is got by
// signing in knows the address to register at the far side, in the member
// redirect_url of its x-oauth. The order of the fields stays.
func (s *Server) settingsForm(schema []byte) rawObject {
	to, err := json.Marshal(s.SignIns.Redirect())
	if err != nil || !oauthNode.Match(schema) {
		return rawObject(schema)
	}
	return rawObject(oauthNode.ReplaceAllLiteral(schema, append(append([]byte(`"x-oauth":{"redirect_url":`), to...), ',')))
}
