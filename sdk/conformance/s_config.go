package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// configuration is scenario 2: good ones are taken, bad ones refused where they
// are bad, and secrets are nobody else's business.
func configuration(r *run) (string, error) {
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	p.heard.record()
	if err := p.goodConfig(); err != nil {
		return "", err
	}
	for i, bad := range r.spec.BadConfigs {
		if err := p.badConfig(bad); err != nil {
			return "", fmt.Errorf("bad_configs[%d]: %w", i, err)
		}
	}
	if err := p.works(5, 5); err != nil && !isInapplicable(err) {
		return "", err
	}
	if err := p.wrongSecrets(); err != nil {
		return "", err
	}
	for range 2 { // an instance that is gone is no error
		if err := p.remove(); err != nil {
			return "", err
		}
	}
	if err := p.forgotten(); err != nil {
		return "", err
	}
	if err := p.keepsSecrets(); err != nil {
		return "", err
	}
	seen := fmt.Sprintf("The configuration works, %d bad ones were refused", len(r.spec.BadConfigs))
	if len(r.spec.Secrets) == 0 {
		return seen + "; it has no secrets.", nil
	}
	return seen + fmt.Sprintf(", and none of %d secrets was seen in answers or output.", len(r.spec.Secrets)), nil
}

func isInapplicable(err error) bool {
	_, ok := errors.AsType[*inapplicable](err)
	return ok
}

func (p *plug) goodConfig() error {
	config := p.spec.config(p.words())
	if found, err := p.schemaProblems(config, p.spec.Secrets); err != nil || len(found) > 0 {
		return errors.Join(err, fmt.Errorf("config_schema refuses the configuration that works: %v", found))
	}
	h, err := p.health()
	if bad := h.GetState() == pluginv1.HealthState_HEALTH_STATE_DEGRADED || h.GetState() == pluginv1.HealthState_HEALTH_STATE_DOWN; err != nil || h == nil || bad {
		return errors.Join(err, fmt.Errorf("the health of a configured instance is %v; it should be OK, or unspecified while nothing was tried", h))
	}
	if err := p.configureWith(7, start{}); err != nil {
		return fmt.Errorf("a newer revision: %w", err)
	}
	if err := p.configureWith(3, start{}); err != nil {
		return fmt.Errorf("an older revision, which is ignored: %w", err)
	}
	problems, err := p.validate(config, p.spec.Secrets)
	if err != nil || len(problems) > 0 {
		return errors.Join(err, fmt.Errorf("ValidateConfig refuses the configuration that works: %v", problems))
	}
	return nil
}

// badConfig wants it refused, at the pointers that are named.
func (p *plug) badConfig(bad BadConfig) error {
	config, secrets := jsonOf(bad.Config, "{}", p.words()...), bad.Secrets
	if secrets == nil {
		secrets = p.spec.Secrets
	}
	found, err := p.schemaProblems(config, secrets)
	if err != nil {
		return err
	}
	if len(found) == 0 { // only what the schema lets through reaches the plugin
		problems, err := p.validate(config, secrets)
		if err != nil {
			return fmt.Errorf("ValidateConfig fails on %s: %w", config, err)
		}
		for _, problem := range problems {
			found = append(found, problem.GetPointer())
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("neither the schema nor the plugin refuses %s", config)
	}
	for _, pointer := range bad.Pointers {
		if !slices.Contains(found, pointer) {
			return fmt.Errorf("%s is refused at %q, not at %q", config, found, pointer)
		}
	}
	return nil
}

// schemaProblems returns where the manifest's schema refuses a configuration.
func (p *plug) schemaProblems(config []byte, secrets map[string]string) ([]string, error) {
	if len(p.manifest.ConfigSchema) == 0 {
		return nil, nil
	}
	compiled, err := schema.Compile(p.manifest.ConfigSchema)
	if err != nil {
		return nil, fmt.Errorf("config_schema: %w", err)
	}
	whole := json.RawMessage(slices.Clone(config)) // it is decoded into itself
	if len(secrets) > 0 {
		if err := (instance.ValidateConfigRequest{Config: whole, Secrets: secrets}).Decode(&whole); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, problem := range compiled.Validate(whole) {
		out = append(out, problem.Pointer)
	}
	return out, nil
}

// validate returns what the plugin has against a configuration.
func (p *plug) validate(config []byte, secrets map[string]string) ([]*pluginv1.ValidateConfigResponse_Problem, error) {
	ctx, cancel := p.within(budget)
	defer cancel()
	answer, err := p.service.ValidateConfig(ctx, &pluginv1.ValidateConfigRequest{Config: config, Secrets: secrets, Probe: true})
	if err != nil {
		return nil, err
	}
	for _, problem := range answer.GetProblems() {
		if problem.GetMessage() == "" || problem.GetPointer() != "" && !strings.HasPrefix(problem.GetPointer(), "/") {
			return nil, fmt.Errorf("a problem without a sentence, or at something that is no JSON pointer: %v", problem)
		}
	}
	return answer.GetProblems(), nil
}

// wrongSecret is what nobody knows; it must not be echoed either.
const wrongSecret = "kit-wrong-secret-f3c1a9"

// wrongSecrets has the plugin judge secrets that are wrong; how is its business.
func (p *plug) wrongSecrets() error {
	if len(p.spec.Secrets) == 0 {
		return nil
	}
	wrong := maps.Clone(p.spec.Secrets)
	for pointer := range wrong {
		wrong[pointer] = wrongSecret
	}
	if _, err := p.validate(p.spec.config(p.words()), wrong); err != nil {
		return fmt.Errorf("ValidateConfig with wrong secrets: %w", err)
	}
	return nil
}

// keepsSecrets looks for secrets in all that the plugin said.
func (p *plug) keepsSecrets() error {
	const shortest = 8 // what is shorter stands in ordinary texts
	all := append(p.heard.answers(), p.logs.String())
	for _, m := range p.core.ingested() {
		all = append(all, m.String())
	}
	for pointer, secret := range p.spec.Secrets {
		for _, value := range []string{secret, wrongSecret} {
			for _, text := range all {
				if at := strings.Index(text, value); at >= 0 && len(value) >= shortest {
					before := text[max(0, at-60):at]
					return fmt.Errorf("the secret at %s is told: %q is followed by its value; secrets appear in no answer, log or error", pointer, oneLine(before))
				}
			}
		}
	}
	return nil
}
