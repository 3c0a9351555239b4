package mapping

import "encoding/json"

// document is a mapping as it is written.
type document struct {
	Name    map[string]string `json:"name"`
	Times   string            `json:"times"`
	Headers map[string]string `json:"headers"`
	Limits  struct {
		PerSecond  float64 `json:"per_second"`
		Burst      int     `json:"burst"`
		AtOnce     int     `json:"at_once"`
		TimeoutS   int     `json:"timeout_s"`
		ResponseKB int64   `json:"response_kb"`
	} `json:"limits"`
	Auth struct {
		Type      string            `json:"type"`
		Username  *string           `json:"username"`
		Password  *string           `json:"password"`
		Token     *string           `json:"token"`
		Name      string            `json:"name"`
		Value     *string           `json:"value"`
		Login     []loginStep       `json:"login"`
		LifetimeS int               `json:"lifetime_s"`
		Headers   map[string]string `json:"headers"`
		Query     map[string]string `json:"query"`
	} `json:"auth"`
	Errors []struct {
		Status  []int   `json:"status"`
		At      *string `json:"at"`
		In      []any   `json:"in"`
		Means   string  `json:"means"`
		Code    string  `json:"code"`
		Message *string `json:"message"`
	} `json:"errors"`
	Objects []object `json:"objects"`
}

type loginStep struct {
	request
	Take      map[string]string `json:"take"`
	Make      map[string]string `json:"make"`
	ExpiresIn *string           `json:"expires_in"`
}

type object struct {
	Name      string            `json:"name"`
	Label     map[string]string `json:"label"`
	ID        string            `json:"id"`
	Title     string            `json:"title"`
	URL       string            `json:"url"`
	UpdatedAt pointers          `json:"updated_at"`
	Deleted   *struct {
		At string `json:"at"`
		In []any  `json:"in"`
	} `json:"deleted"`
	Fields []field   `json:"fields"`
	Lookup []request `json:"lookup"`
	Get    *request  `json:"get"`
	Search *request  `json:"search"`
	Upsert *struct {
		Key    *request  `json:"key"`
		Match  []request `json:"match"`
		Create creating  `json:"create"`
		Update *request  `json:"update"`
	} `json:"upsert"`
	Activity *struct {
		Find   *creating `json:"find"`
		Create creating  `json:"create"`
	} `json:"activity"`
	Pull *struct {
		OverlapS *int   `json:"overlap_s"`
		Size     int    `json:"size"`
		Feeds    []feed `json:"feeds"`
	} `json:"pull"`
}

type field struct {
	Name     string            `json:"name"`
	Label    map[string]string `json:"label"`
	Type     string            `json:"type"`
	Read     pointers          `json:"read"`
	Currency *string           `json:"currency"`
	Times    string            `json:"times"`
	Write    *string           `json:"write"`
	Required bool              `json:"required"`
}

type request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
	Form    map[string]string `json:"form"`
	Items   string            `json:"items"`
}

type creating struct {
	request
	ID string `json:"id"`
}

type feed struct {
	request
	Name      string  `json:"name"`
	ChangedAt string  `json:"changed_at"`
	Deleted   bool    `json:"deleted"`
	Next      *string `json:"next"`
}

// pointers is one pointer, or several of which the first with a value counts.
type pointers []string

// UnmarshalJSON takes a text or a list of texts.
func (p *pointers) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*p = pointers{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(raw, &many)
	*p = many
	return err
}
