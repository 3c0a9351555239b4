package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// envPrefix begins the name of every variable: PATCHBAY_SERVER_ADDRESS sets server.address.
const envPrefix = "PATCHBAY_"

// Source is what Load reads from.
type Source struct {
	File  string         // path of a YAML file; "" = none
	Env   []string       // as os.Environ gives it
	Flags *pflag.FlagSet // flags named as keys, with dashes for underscores; nil = none
}

// key is one setting, found by walking Config.
type key struct {
	path, def, doc string
	secret         bool
	typ            reflect.Type
}

// EnvName returns the environment variable that sets a key.
func (k key) envName() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

func keys(t reflect.Type, prefix string) []key {
	var out []key
	for f := range t.Fields() {
		path := prefix + f.Tag.Get("key")
		if f.Type.Kind() == reflect.Struct {
			out = append(out, keys(f.Type, path+".")...)
			continue
		}
		out = append(out, key{
			path: path, def: f.Tag.Get("def"), doc: f.Tag.Get("doc"),
			secret: f.Tag.Get("secret") == "true", typ: f.Type,
		})
	}
	return out
}

func allKeys() []key { return keys(reflect.TypeFor[Config](), "") }

// Flags adds a flag for every setting but secrets to fs.
func Flags(fs *pflag.FlagSet) {
	for _, k := range allKeys() {
		name := flagName(k.path)
		switch {
		case k.secret:
		case k.typ.Kind() == reflect.Bool:
			fs.Bool(name, k.def == "true", k.doc)
		default:
			fs.String(name, k.def, k.doc)
		}
	}
}

func flagName(path string) string {
	return strings.NewReplacer("_", "-").Replace(path)
}

// Load reads and checks the configuration. Its error names every wrong key,
// where it came from, and what to do.
func Load(src Source) (Config, error) {
	v := viper.New()
	known := allKeys()
	for _, k := range known {
		v.SetDefault(k.path, k.def)
	}
	if err := readFile(v, src.File); err != nil {
		return Config{}, err
	}
	if err := readEnv(v, known, src.Env); err != nil {
		return Config{}, err
	}
	if src.Flags != nil {
		src.Flags.Visit(func(f *pflag.Flag) {
			path := strings.ReplaceAll(f.Name, "-", "_")
			if slices.ContainsFunc(known, func(k key) bool { return k.path == path }) {
				v.Set(path, f.Value.String())
			}
		})
	}
	var c Config
	if err := v.UnmarshalExact(&c, decoding); err != nil {
		return Config{}, unmarshalError(src.File, known, err)
	}
	return c, c.validate()
}

func decoding(d *mapstructure.DecoderConfig) {
	d.TagName = "key"
	d.WeaklyTypedInput = true
	d.DecodeHook = mapstructure.ComposeDecodeHookFunc(
		mapstructure.StringToTimeDurationHookFunc(),
		mapstructure.TextUnmarshallerHookFunc(),
		func(from, to reflect.Type, data any) (any, error) {
			if from.Kind() != reflect.String || to != reflect.TypeFor[[]string]() {
				return data, nil
			}
			return strings.FieldsFunc(data.(string), func(r rune) bool { return r == ',' || r == ' ' }), nil //nolint:forcetypeassert // from says so
		},
	)
}

func readFile(v *viper.Viper, path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	v.SetConfigType("yaml")
	if err := v.ReadConfig(f); err != nil {
		return fmt.Errorf("%s is not valid YAML: %w", path, err)
	}
	return nil
}

func readEnv(v *viper.Viper, known []key, env []string) error {
	var unknown []string
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envPrefix+"TEST_") || name == envPrefix+"CONFIG" ||
			name == envPrefix+"MUTANT" || name == envPrefix+"PLUGIN" || name == envPrefix+"CHROMIUM" {
			continue
		}
		i := slices.IndexFunc(known, func(k key) bool { return k.envName() == name })
		if i < 0 {
			unknown = append(unknown, name+suggestion(name, known, key.envName))
			continue
		}
		v.Set(known[i].path, value)
	}
	if len(unknown) > 0 {
		return errors.New("unknown environment variables: " + strings.Join(unknown, "; "))
	}
	return nil
}

// unmarshalError says which keys of the file are wrong.
func unmarshalError(file string, known []key, err error) error {
	msg := err.Error()
	if _, after, ok := strings.Cut(msg, "has invalid keys: "); ok {
		var out []string
		names, _, _ := strings.Cut(after, "\n")
		prefix := ""
		if _, p, ok := strings.Cut(msg, "'"); ok {
			if p, _, ok = strings.Cut(p, "'"); ok && p != "" {
				prefix = strings.ToLower(p) + "."
			}
		}
		for name := range strings.SplitSeq(names, ", ") {
			out = append(out, prefix+name+suggestion(prefix+name, known, func(k key) string { return k.path }))
		}
		return fmt.Errorf("unknown keys in %s: %s. Remove or correct them; the keys are listed in docs/operate/configuration.md", orHere(file), strings.Join(out, "; "))
	}
	return fmt.Errorf("a value of the configuration has the wrong type: %w", err)
}

func orHere(file string) string {
	if file == "" {
		return "the configuration"
	}
	return file
}

// suggestion returns ` (did you mean "x"?)` for a near miss.
func suggestion(name string, known []key, of func(key) string) string {
	best, bestDistance := "", 2+len(name)/8
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(of(k))); d < bestDistance {
			best, bestDistance = of(k), d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// durations are bounded so that a typo such as "15" (nanoseconds) is caught.
func plausible(d time.Duration) bool { return d >= time.Second && d <= 10*time.Minute }
