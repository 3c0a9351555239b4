package importing

import (
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
)

// headings lists how people head the columns, in lower case without spaces,
// underscores and hyphens.
func headings() map[Field][]string {
	return map[Field][]string{
		Name:         {"name", "fullname", "contact", "contactname", "customer", "customername", "displayname", "姓名", "名字", "名称", "客户", "客户姓名", "客户名称", "联系人", "联系人姓名"},
		Email:        {"email", "emailaddress", "mail", "e-mail", "邮箱", "电子邮箱", "邮件", "电子邮件", "邮箱地址", "邮件地址"},
		Phone:        {"phone", "phonenumber", "mobile", "mobilephone", "cell", "cellphone", "tel", "telephone", "手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "联系方式"},
		External:     {"id", "externalid", "customerid", "userid", "customernumber", "编号", "客户编号", "客户id", "会员号", "会员编号", "用户id", "外部id"},
		Organisation: {"organisation", "organization", "company", "companyname", "account", "employer", "公司", "公司名称", "单位", "企业", "企业名称", "组织", "机构"},
		Note:         {"note", "notes", "remark", "remarks", "comment", "comments", "description", "备注", "说明", "注释"},
	}
}

// plain is a heading without what people vary.
func plain(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "", "　", "", "：", "", ":", "", "*", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// Guess maps the columns whose headers say what they are, each field once.
// A header that is the key of a defined attribute maps to it.
func Guess(columns []Column, defined contact.Definitions) map[int]Field {
	out, used, known := make(map[int]Field), make(map[Field]bool), headings()
	for _, c := range columns {
		for _, f := range []Field{Name, Email, Phone, External, Organisation, Note} {
			if !used[f] && (slices.Contains(known[f], plain(c.Header)) || strings.EqualFold(c.Header, string(f))) {
				out[c.Index], used[f] = f, true
				break
			}
		}
		key := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(c.Header)), ofAttributes)
		if f := Field(ofAttributes + key); out[c.Index] == "" && key != "" && !used[f] && defined.Type(key) != "" {
			out[c.Index], used[f] = f, true
		}
	}
	return out
}

// bestMatch is what rows are found by when nobody says: what tells people
// apart best of what is mapped.
func bestMatch(mapping map[int]Field) Match {
	for _, m := range []Match{ByEmail, ByPhone, ByExternal} {
		for _, f := range mapping {
			if string(f) == string(m) {
				return m
			}
		}
	}
	return ByNothing
}

// checkMapping refuses columns that are not there, fields that are unknown or
// mapped twice, and a match by what is not mapped.
func (i *Import) checkMapping(defined contact.Definitions) error {
	var fields []errs.Field
	refuse := func(pointer, code, detail string) {
		fields = append(fields, errs.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	used := make(map[Field]bool)
	for _, index := range sorted(i.Mapping) {
		f, pointer := i.Mapping[index], "/mapping/"+strconv.Itoa(index)
		key, attribute := strings.CutPrefix(string(f), ofAttributes)
		switch {
		case index < 0 || index >= len(i.Columns):
			refuse(pointer, "column", "there is no such column")
		case used[f]:
			refuse(pointer, "twice", "another column has this field")
		case attribute && defined.Type(key) == "":
			refuse(pointer, "attribute", "no attribute with this key is defined")
		case !attribute && headings()[f] == nil:
			refuse(pointer, "field", "must be name, email, phone, external_id, organisation, note or attributes.KEY")
		}
		used[f] = true
	}
	switch i.Match {
	case ByEmail, ByPhone, ByExternal:
		if !used[Field(i.Match)] {
			refuse("/match", "unmapped", "no column has this field")
		}
	case ByNothing:
	default:
		refuse("/match", "enum", "must be email, phone, external_id or none")
	}
	if i.OnMatch != Update && i.OnMatch != Skip {
		refuse("/on_match", "enum", "must be update or skip")
	}
	if len(fields) > 0 {
		return errs.New(errs.Invalid, "import.mapping", "Some fields are not right.").WithFields(fields...)
	}
	return nil
}

func sorted(mapping map[int]Field) []int {
	out := make([]int, 0, len(mapping))
	for i := range mapping {
		out = append(out, i)
	}
	slices.Sort(out)
	return out
}
