package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/template/files"
)

// answersOf are the answers that conformance.yaml has for a template, and its
// bad ones.
func (r *run) answersOf(name string) (map[string]any, []BadConfig) {
	for _, w := range r.spec.Templates {
		if w.Template == name {
			return w.Answers, w.Bad
		}
	}
	return nil, nil
}

// readAll reads the templates of a plugin that is files alone.
func (r *run) readAll() (map[string]*files.Template, error) {
	out := make(map[string]*files.Template)
	for _, t := range r.manifest.Templates {
		read, err := files.Read(os.DirFS(filepath.Join(r.target.Folder, "templates", t.Path)))
		if err != nil {
			return nil, fmt.Errorf("the template %s: %w", t.Name, err)
		}
		out[t.Name] = read
	}
	return out, nil
}

// filesRead is scenario 1 without a program: everything can be read.
func filesRead(r *run) (string, error) {
	if !slices.Equal(r.manifest.Kinds, []manifest.Kind{manifest.KindTemplate}) {
		return "", fmt.Errorf("its manifest says that it has no program, and the kinds %v; only templates need none", r.manifest.Kinds)
	}
	all, err := r.readAll()
	if err != nil {
		return "", err
	}
	for name, t := range all {
		if !slices.Contains(t.Locales(), "en") {
			return "", fmt.Errorf("the template %s speaks %v; English is always there", name, t.Locales())
		}
	}
	if _, err := os.Stat(filepath.Join(r.target.Folder, "bin")); err == nil {
		return "", errors.New("its manifest says that it has no program, and its folder has bin/")
	}
	return fmt.Sprintf("%s %s: %d templates could be read; it is files alone.", r.manifest.ID, r.manifest.Version, len(all)), nil
}

// filesQuestions is scenario 2: bad answers are refused where they are bad.
func filesQuestions(r *run) (string, error) {
	all, err := r.readAll()
	if err != nil {
		return "", err
	}
	refused := 0
	for name, t := range all {
		good, bad := r.answersOf(name)
		if _, problems, err := t.Plan("en", jsonOf(good, "{}")); err != nil || len(problems) > 0 {
			return "", errors.Join(err, fmt.Errorf("the template %s refuses the answers that work: %v", name, problems))
		}
		for _, b := range bad {
			if err := refuses(t, b); err != nil {
				return "", fmt.Errorf("the template %s: %w", name, err)
			}
			refused++
		}
	}
	return fmt.Sprintf("Its questions take good answers and refused %d bad ones.", refused), nil
}

// refuses wants answers refused, at the pointers that are named.
func refuses(t *files.Template, bad BadConfig) error {
	_, problems, err := t.Plan("en", jsonOf(bad.Config, "{}"))
	if err != nil || len(problems) == 0 {
		return errors.Join(err, fmt.Errorf("it takes the answers %v", bad.Config))
	}
	var at []string
	for _, p := range problems {
		at = append(at, p.Pointer)
	}
	for _, pointer := range bad.Pointers {
		if !slices.Contains(at, pointer) {
			return fmt.Errorf("it refuses %v at %q, not at %q", bad.Config, at, pointer)
		}
	}
	return nil
}

// filesSame is scenario 3: the same answers give the same objects, each once.
func filesSame(r *run) (string, error) {
	all, err := r.readAll()
	if err != nil {
		return "", err
	}
	n := r.count(20, 500)
	for name, t := range all {
		answers, _ := r.answersOf(name)
		for _, locale := range t.Locales() {
			first := ""
			for range n {
				plan, err := planOf(t, locale, jsonOf(answers, "{}"))
				if err != nil {
					return "", fmt.Errorf("the template %s in %s: %w", name, locale, err)
				}
				if first != "" && plan != first {
					return "", fmt.Errorf("the template %s in %s: the same answers give other objects", name, locale)
				}
				first = plan
			}
		}
	}
	return fmt.Sprintf("Planned %d times in every language, the objects were the same, each once.", n), nil
}

// planOf is a plan as text; each object stands in it once.
func planOf(t *files.Template, locale string, answers []byte) (string, error) {
	objects, problems, err := t.Plan(locale, answers)
	if err != nil {
		return "", err
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("refused: %v", problems)
	}
	seen := make(map[string]bool)
	for _, o := range objects {
		id := o.Kind + " " + o.Key
		if seen[id] {
			return "", fmt.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
	encoded, err := json.Marshal(objects)
	return string(encoded), err
}

// filesTexts is scenario 14: whatever people answer.
func filesTexts(r *run) (string, error) {
	all, err := r.readAll()
	if err != nil {
		return "", err
	}
	hard := r.hardTexts()
	asked := 0
	for name, t := range all {
		good, _ := r.answersOf(name)
		for question, value := range good {
			if _, isText := value.(string); !isText {
				continue
			}
			for _, text := range hard {
				if err := bearsAnswer(t, good, question, text); err != nil {
					return "", fmt.Errorf("the template %s with the answer %.30q: %w", name, text, err)
				}
				asked++
			}
		}
	}
	if asked == 0 {
		return "", notApplicable("%s has no answers in words for its templates.", SpecFile)
	}
	return fmt.Sprintf("%d answers that break careless programs were taken or refused.", asked), nil
}

// bearsAnswer wants an answer taken or refused.
func bearsAnswer(t *files.Template, good map[string]any, question, text string) error {
	answers := maps.Clone(good)
	answers[question] = text
	objects, problems, err := t.Plan("en", jsonOf(answers, "{}"))
	if err == nil && len(problems) == 0 && len(objects) == 0 {
		err = errors.New("it makes nothing, and refuses nothing")
	}
	return err
}

// filesNothing is scenario 17: it has nothing that could stay.
func filesNothing(r *run) (string, error) {
	for _, p := range r.manifest.Permissions {
		return "", fmt.Errorf("it is files alone and asks for %s, which nothing could use", p.Scope)
	}
	if len(r.manifest.Network) > 0 || len(r.manifest.Routes) > 0 {
		return "", errors.New("it is files alone and declares network or routes, which nothing could use")
	}
	return "It is files alone: no process, no data folder, no permission. What templates made stays or goes as people decide.", nil
}
