// Templates with what promtool 3.5.3 makes of them in the annotation `s` of an alert `a` with the label foo="bar", the
// external label x="ext" and the external URL http://ext:9090/p, beside the series foo{i="a"} 6 and foo{i="b"} 2.
// A template that is refused stands with its message.

enum TemplateReference {
  /// A template, the value of the alert, and the text.
  static let cases: [(template: String, value: Double, text: String)] = [
    (#"{{ break }}"#, 0, #"template: __alert_a:1: {{break}} outside {{range}}"#),
    (#"{{ $labels.foo = 3 }}"#, 0, #"template: __alert_a:1: unexpected "=" in operand"#),
    (#"{{ $value }}"#, 1000000, #"1e+06"#),
    (#"{{ $value }}"#, 0.00001234, #"1.234e-05"#),
    (#"{{ $value }}"#, .nan, #"NaN"#),
    (#"{{ $value }}"#, .infinity, #"+Inf"#),
    (#"{{ $value }}"#, -.infinity, #"-Inf"#),
    (#"{{ $value }}"#, 0.5, #"0.5"#),
    (#"{{ .Value }}"#, 1000000, #"1e+06"#),
    (#"{{ .Value }}"#, 0.00001234, #"1.234e-05"#),
    (#"{{ .Value }}"#, .nan, #"NaN"#),
    (#"{{ .Value }}"#, .infinity, #"+Inf"#),
    (#"{{ .Value }}"#, -.infinity, #"-Inf"#),
    (#"{{ .Value }}"#, 0.5, #"0.5"#),
    (#"{{ humanize $value }}"#, 1000000, #"1M"#),
    (#"{{ humanize $value }}"#, 0.00001234, #"12.34u"#),
    (#"{{ humanize $value }}"#, .nan, #"NaN"#),
    (#"{{ humanize $value }}"#, .infinity, #"+Inf"#),
    (#"{{ humanize $value }}"#, -.infinity, #"-Inf"#),
    (#"{{ humanize $value }}"#, 0.5, #"500m"#),
    (#"{{ $value | humanize }}"#, 1000000, #"1M"#),
    (#"{{ $value | humanize }}"#, 0.00001234, #"12.34u"#),
    (#"{{ $value | humanize }}"#, .nan, #"NaN"#),
    (#"{{ $value | humanize }}"#, .infinity, #"+Inf"#),
    (#"{{ $value | humanize }}"#, -.infinity, #"-Inf"#),
    (#"{{ $value | humanize }}"#, 0.5, #"500m"#),
    (#"{{ humanize1024 $value }}"#, 1000000, #"976.6ki"#),
    (#"{{ humanize1024 $value }}"#, 0.00001234, #"1.234e-05"#),
    (#"{{ humanize1024 $value }}"#, .nan, #"NaN"#),
    (#"{{ humanize1024 $value }}"#, .infinity, #"+Inf"#),
    (#"{{ humanize1024 $value }}"#, -.infinity, #"-Inf"#),
    (#"{{ humanize1024 $value }}"#, 0.5, #"0.5"#),
    (#"{{ humanizeDuration $value }}"#, 1000000, #"11d 13h 46m 40s"#),
    (#"{{ humanizeDuration $value }}"#, 0.00001234, #"12.34us"#),
    (#"{{ humanizeDuration $value }}"#, .nan, #"NaN"#),
    (#"{{ humanizeDuration $value }}"#, .infinity, #"+Inf"#),
    (#"{{ humanizeDuration $value }}"#, -.infinity, #"-Inf"#),
    (#"{{ humanizeDuration $value }}"#, 0.5, #"500ms"#),
    (#"{{ humanizePercentage $value }}"#, 1000000, #"1e+08%"#),
    (#"{{ humanizePercentage $value }}"#, 0.00001234, #"0.001234%"#),
    (#"{{ humanizePercentage $value }}"#, .nan, #"NaN%"#),
    (#"{{ humanizePercentage $value }}"#, .infinity, #"+Inf%"#),
    (#"{{ humanizePercentage $value }}"#, -.infinity, #"-Inf%"#),
    (#"{{ humanizePercentage $value }}"#, 0.5, #"50%"#),
    (#"{{ humanizeTimestamp $value }}"#, 1000000, #"1970-01-12 13:46:40 +0000 UTC"#),
    (#"{{ humanizeTimestamp $value }}"#, 0.00001234, #"1970-01-01 00:00:00 +0000 UTC"#),
    (#"{{ humanizeTimestamp $value }}"#, .nan, #"NaN"#),
    (#"{{ humanizeTimestamp $value }}"#, .infinity, #"+Inf"#),
    (#"{{ humanizeTimestamp $value }}"#, -.infinity, #"-Inf"#),
    (#"{{ humanizeTimestamp $value }}"#, 0.5, #"1970-01-01 00:00:00.5 +0000 UTC"#),
    (#"{{ printf "%.2f" $value }}"#, 1000000, #"1000000.00"#),
    (#"{{ printf "%.2f" $value }}"#, 0.00001234, #"0.00"#),
    (#"{{ printf "%.2f" $value }}"#, .nan, #"NaN"#),
    (#"{{ printf "%.2f" $value }}"#, .infinity, #"+Inf"#),
    (#"{{ printf "%.2f" $value }}"#, -.infinity, #"-Inf"#),
    (#"{{ printf "%.2f" $value }}"#, 0.5, #"0.50"#),
    (#"{{ printf "%d" 3 }}"#, 1000000, #"3"#),
    (#"{{ printf "%5d|%-5d|%05d|%+d" 3 4 5 6 }}"#, 1000000, #"    3|4    |00005|+6"#),
    (#"{{ printf "%x %X %o %b %c %U" 255 255 8 5 65 65 }}"#, 1000000, #"ff FF 10 101 A U+0041"#),
    (
      #"{{ printf "%s %q %v %10s|%-10s|%.2s" "a" "b\"c" "d" "e" "f" "ghi" }}"#, 1000000,
      #"a "b\"c" d          e|f         |gh"#
    ),
    (#"{{ printf "%e %g %G %E" $value $value $value $value }}"#, 1000000, #"1.000000e+06 1e+06 1E+06 1.000000E+06"#),
    (
      #"{{ printf "%e %g %G %E" $value $value $value $value }}"#, 0.00001234,
      #"1.234000e-05 1.234e-05 1.234E-05 1.234000E-05"#
    ),
    (#"{{ printf "%e %g %G %E" $value $value $value $value }}"#, .nan, #"NaN NaN NaN NaN"#),
    (#"{{ printf "%e %g %G %E" $value $value $value $value }}"#, .infinity, #"+Inf +Inf +Inf +Inf"#),
    (#"{{ printf "%e %g %G %E" $value $value $value $value }}"#, -.infinity, #"-Inf -Inf -Inf -Inf"#),
    (#"{{ printf "%e %g %G %E" $value $value $value $value }}"#, 0.5, #"5.000000e-01 0.5 0.5 5.000000E-01"#),
    (
      #"{{ printf "%8.3f|%-8.1f|%+.1f|% d|%08.2f" $value $value $value 5 $value }}"#, 1000000,
      #"1000000.000|1000000.0|+1000000.0| 5|1000000.00"#
    ),
    (
      #"{{ printf "%8.3f|%-8.1f|%+.1f|% d|%08.2f" $value $value $value 5 $value }}"#, 0.00001234,
      #"   0.000|0.0     |+0.0| 5|00000.00"#
    ),
    (
      #"{{ printf "%8.3f|%-8.1f|%+.1f|% d|%08.2f" $value $value $value 5 $value }}"#, .nan,
      #"     NaN|NaN     |+NaN| 5|     NaN"#
    ),
    (
      #"{{ printf "%8.3f|%-8.1f|%+.1f|% d|%08.2f" $value $value $value 5 $value }}"#, .infinity,
      #"    +Inf|+Inf    |+Inf| 5|    +Inf"#
    ),
    (
      #"{{ printf "%8.3f|%-8.1f|%+.1f|% d|%08.2f" $value $value $value 5 $value }}"#, -.infinity,
      #"    -Inf|-Inf    |-Inf| 5|    -Inf"#
    ),
    (
      #"{{ printf "%8.3f|%-8.1f|%+.1f|% d|%08.2f" $value $value $value 5 $value }}"#, 0.5,
      #"   0.500|0.5     |+0.5| 5|00000.50"#
    ),
    (#"{{ printf "%t %v" true false }}"#, 1000000, #"true false"#),
    (#"{{ printf "%T %T %T" 1 "a" 1.5 }}"#, 1000000, #"int string float64"#),
    (#"{{ printf "%%" }}"#, 1000000, #"%"#),
    (#"{{ printf "%d" $value }}"#, 1000000, #"%!d(float64=1e+06)"#),
    (#"{{ printf "%d" $value }}"#, 0.00001234, #"%!d(float64=1.234e-05)"#),
    (#"{{ printf "%d" $value }}"#, .nan, #"%!d(float64=NaN)"#),
    (#"{{ printf "%d" $value }}"#, .infinity, #"%!d(float64=+Inf)"#),
    (#"{{ printf "%d" $value }}"#, -.infinity, #"%!d(float64=-Inf)"#),
    (#"{{ printf "%d" $value }}"#, 0.5, #"%!d(float64=0.5)"#),
    (#"{{ printf "%d %d" 1 }}"#, 1000000, #"1 %!d(MISSING)"#),
    (#"{{ printf "a" 1 }}"#, 1000000, #"a%!(EXTRA int=1)"#),
    (#"{{ printf "%z" 1 }}"#, 1000000, #"%!z(int=1)"#),
    (#"{{ printf "%" }}"#, 1000000, #"%!(NOVERB)"#),
    (#"{{ printf "%*d" 5 42 }}"#, 1000000, #"   42"#),
    (#"{{ printf "%[2]d %[1]d" 1 2 }}"#, 1000000, #"2 1"#),
    (#"{{ printf "%v" .Labels }}"#, 1000000, #"map[foo:bar]"#),
    (#"{{ .Labels }}"#, 1000000, #"map[foo:bar]"#),
    (#"{{ $labels }}"#, 1000000, #"map[foo:bar]"#),
    (#"{{ $labels.foo }}"#, 1000000, #"bar"#),
    (#"{{ $labels.missing }}|"#, 1000000, #"|"#),
    (#"{{ .Labels.foo }}"#, 1000000, #"bar"#),
    (#"{{ index $labels "foo" }}"#, 1000000, #"bar"#),
    (#"{{ index $labels "nope" }}|"#, 1000000, #"|"#),
    (#"{{ len $labels }} {{ len "abc" }}"#, 1000000, #"1 3"#),
    (#"{{ if gt $value 1.0 }}big{{ else if eq $value 0.5 }}half{{ else }}small{{ end }}"#, 1000000, #"big"#),
    (#"{{ if gt $value 1.0 }}big{{ else if eq $value 0.5 }}half{{ else }}small{{ end }}"#, 0.00001234, #"small"#),
    (#"{{ if gt $value 1.0 }}big{{ else if eq $value 0.5 }}half{{ else }}small{{ end }}"#, .nan, #"big"#),
    (#"{{ if gt $value 1.0 }}big{{ else if eq $value 0.5 }}half{{ else }}small{{ end }}"#, .infinity, #"big"#),
    (#"{{ if gt $value 1.0 }}big{{ else if eq $value 0.5 }}half{{ else }}small{{ end }}"#, -.infinity, #"small"#),
    (#"{{ if gt $value 1.0 }}big{{ else if eq $value 0.5 }}half{{ else }}small{{ end }}"#, 0.5, #"half"#),
    (#"{{ if $labels.foo }}y{{ else }}n{{ end }}"#, 1000000, #"y"#),
    (#"{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}"#, 1000000, #"foo=bar;"#),
    (#"{{ range $labels }}{{ . }},{{ end }}"#, 1000000, #"bar,"#),
    (#"{{ with $labels.foo }}[{{ . }}]{{ end }}"#, 1000000, #"[bar]"#),
    (#"{{ with $labels.nope }}a{{ else }}b{{ end }}"#, 1000000, #"b"#),
    (#"{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" $labels.foo }}"#, 1000000, #"<bar>"#),
    (#"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}"#, 1000000, #"2"#),
    (#"a  {{- " b " -}}  c"#, 1000000, #"a b c"#),
    (#"{{/* comment */}}x"#, 1000000, #"x"#),
    (#"{{- /* c */ -}} y"#, 1000000, #"y"#),
    (#"{{ eq 1 1 }} {{ ne 1 2 }} {{ lt 1 2 }} {{ le 2 2 }} {{ ge 1 2 }}"#, 1000000, #"true true true true false"#),
    (#"{{ eq "a" "b" "a" }}"#, 1000000, #"true"#),
    (#"{{ and 1 0 }} {{ or 0 "x" }} {{ not 0 }}"#, 1000000, #"0 x true"#),
    (
      #"{{ and }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <and>: wrong number of args for and: want at least 1 got 0>"#
    ),
    (
      #"{{ eq 1 1.0 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64>"#
    ),
    (
      #"{{ lt 1 1.5 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <lt 1 1.5>: error calling lt: incompatible types for comparison: int and float64>"#
    ),
    (
      #"{{ lt "a" 1 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <lt "a" 1>: error calling lt: incompatible types for comparison: string and int>"#
    ),
    (#"{{ print 1 2 "a" "b" 3 }}"#, 1000000, #"1 2ab3"#),
    (#"{{ println "a" 1 }}|"#, 1000000, #"a 1\#n|"#),
    (#"{{ html "<a&b>" }} {{ js "a'b" }} {{ urlquery "a b&c" }}"#, 1000000, #"&lt;a&amp;b&gt; a\'b a+b%26c"#),
    (#"{{ slice "abcdef" 1 3 }}"#, 1000000, #"bc"#),
    (#"{{ "a" | printf "%s-%s" "b" }}"#, 1000000, #"b-a"#),
    (#"{{ title "hello world" }} {{ toUpper "aB" }} {{ toLower "aB" }}"#, 1000000, #"Hello World AB ab"#),
    (
      #"{{ stripPort "host:80" }} {{ stripPort "1.2.3.4:90" }} {{ stripPort "[::1]:80" }} {{ stripPort "nohost" }}"#,
      1000000,
      #"host 1.2.3.4 ::1 nohost"#
    ),
    (
      #"{{ stripDomain "a.b.c" }} {{ stripDomain "a.b:80" }} {{ stripDomain "10.0.0.1:80" }}"#, 1000000,
      #"a a:80 10.0.0.1:80"#
    ),
    (#"{{ match "a.*" "xab" }} {{ match "^b" "ab" }}"#, 1000000, #"true false"#),
    (#"{{ reReplaceAll "a(.)" "${1}z" "ab" }}"#, 1000000, #"bz"#),
    (#"{{ reReplaceAll "a(.)" "$1z" "ab" }}"#, 1000000, #""#),
    (#"{{ reReplaceAll "(.*):.*" "$1" "host:80" }}"#, 1000000, #"host"#),
    (#"{{ graphLink "up == 0" }}"#, 1000000, #"/graph?g0.expr=up+%3D%3D+0&g0.tab=0"#),
    (#"{{ tableLink "up == 0" }}"#, 1000000, #"/graph?g0.expr=up+%3D%3D+0&g0.tab=1"#),
    (#"{{ safeHtml "<b>" }}"#, 1000000, #"<b>"#),
    (#"{{ args 1 "b" }}"#, 1000000, #"map[arg0:1 arg1:b]"#),
    (#"{{ with args 1 "b" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}"#, 1000000, #"1-b"#),
    (#"{{ query "up" | len }}"#, 1000000, #"0"#),
    (#"{{ query "foo" | first | label "i" }}"#, 1000000, #"a"#),
    (#"{{ range query "foo" | sortByLabel "i" }}{{ .Labels.i }}{{ end }}"#, 1000000, #"ab"#),
    (
      #"{{ query "sum(" }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <query "sum(">: error calling query: 1:5: parse error: unclosed left parenthesis>"#
    ),
    (#"{{ parseDuration "1h30m" }}"#, 1000000, #"5400"#),
    (#"{{ toTime $value }}"#, 1000000, #"1970-01-12 13:46:40 +0000 UTC"#),
    (#"{{ toTime $value }}"#, 0.00001234, #"1970-01-01 00:00:00 +0000 UTC"#),
    (
      #"{{ toTime $value }}"#, .nan,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <toTime $value>: error calling toTime: value is NaN or Inf>"#
    ),
    (
      #"{{ toTime $value }}"#, .infinity,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <toTime $value>: error calling toTime: value is NaN or Inf>"#
    ),
    (
      #"{{ toTime $value }}"#, -.infinity,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <toTime $value>: error calling toTime: value is NaN or Inf>"#
    ),
    (#"{{ toTime $value }}"#, 0.5, #"1970-01-01 00:00:00.5 +0000 UTC"#),
    (#"{{ (toTime $value).Year }}"#, 1000000, #"1970"#),
    (#"{{ (toTime $value).Year }}"#, 0.00001234, #"1970"#),
    (
      #"{{ (toTime $value).Year }}"#, .nan,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:116: executing "__alert_a" at <toTime $value>: error calling toTime: value is NaN or Inf>"#
    ),
    (
      #"{{ (toTime $value).Year }}"#, .infinity,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:116: executing "__alert_a" at <toTime $value>: error calling toTime: value is NaN or Inf>"#
    ),
    (
      #"{{ (toTime $value).Year }}"#, -.infinity,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:116: executing "__alert_a" at <toTime $value>: error calling toTime: value is NaN or Inf>"#
    ),
    (#"{{ (toTime $value).Year }}"#, 0.5, #"1970"#),
    (
      #"{{ humanize "abc" }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <humanize "abc">: error calling humanize: strconv.ParseFloat: parsing "abc": invalid syntax>"#
    ),
    (#"{{ humanize "1234567" }}"#, 1000000, #"1.235M"#),
    (
      #"{{ humanize }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <humanize>: wrong number of args for humanize: want 1 got 0>"#
    ),
    (
      #"{{ humanize 1 2 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <humanize>: wrong number of args for humanize: want 1 got 2>"#
    ),
    (
      #"{{ .Foo }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <.Foo>: can't evaluate field Foo in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }>"#
    ),
    (
      #"{{ $labels.foo.bar }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:122: executing "__alert_a" at <$labels.foo.bar>: can't evaluate field bar in type string>"#
    ),
    (
      #"{{ $value.x }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:121: executing "__alert_a" at <$value.x>: can't evaluate field x in type float64>"#
    ),
    (
      #"{{ index $labels 1 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <index $labels 1>: error calling index: value has type int; should be string>"#
    ),
    (
      #"{{ template "nope" }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:124: executing "__alert_a" at <{{template "nope"}}>: template "nope" not defined>"#
    ),
    (
      #"{{ 1 }} {{ 1.5 }} {{ 1e6 }} {{ 1e21 }} {{ 0x10 }} {{ 'a' }} {{ "s" }} {{ `raw` }} {{ true }} {{ -3 }}"#,
      1000000,
      #"1 1.5 1e+06 1e+21 16 97 s raw true -3"#
    ),
    (
      #"{{ nil }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <nil>: nil is not a command>"#
    ),
    (
      #"{{ if nil }}a{{end}}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:118: executing "__alert_a" at <nil>: nil is not a command>"#
    ),
    (
      #"{{ range $i, $e := args 1 2 3 }}{{ if eq $i "arg1" }}{{ continue }}{{ end }}{{ $i }}{{ end }}"#, 1000000,
      #"arg0arg2"#
    ),
    (#"{{ range $k, $v := $labels }}{{ if eq $k "foo" }}{{ break }}{{ end }}{{ $k }}{{ end }}"#, 1000000, #""#),
    (#"{{ range 3 }}{{ . }}{{ end }}"#, 1000000, #"012"#),
    (#"{{ range $i := 3 }}{{ $i }}{{ end }}"#, 1000000, #"012"#),
    (#"{{ block "b" 5 }}[{{ . }}]{{ end }}"#, 1000000, #"[5]"#),
    (#"{{ (printf "%s" "x") | toUpper }}"#, 1000000, #"X"#),
    (#"{{ ($labels.foo) }}"#, 1000000, #"bar"#),
    (
      #"{{ call 1 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <call 1>: error calling call: non-function 1 of type int>"#
    ),
    (#"{{ 1 | humanize | printf "%s!" }}"#, 1000000, #"1!"#),
    (#"{{ printf "%v %v" 1.0 1e7 }}"#, 1000000, #"1 1e+07"#),
    (#"{{ printf "%s" 1 }}"#, 1000000, #"%!s(int=1)"#),
    (#"{{ printf "%s" $value }}"#, 1000000, #"%!s(float64=1e+06)"#),
    (#"{{ printf "%s" $value }}"#, 0.00001234, #"%!s(float64=1.234e-05)"#),
    (#"{{ printf "%s" $value }}"#, .nan, #"%!s(float64=NaN)"#),
    (#"{{ printf "%s" $value }}"#, .infinity, #"%!s(float64=+Inf)"#),
    (#"{{ printf "%s" $value }}"#, -.infinity, #"%!s(float64=-Inf)"#),
    (#"{{ printf "%s" $value }}"#, 0.5, #"%!s(float64=0.5)"#),
    (#"{{ printf "%q" 65 }}"#, 1000000, #"'A'"#),
    (#"{{ printf "%6.2f%%" 12.345 }}"#, 1000000, #" 12.35%"#),
    (#"{{ printf "%x" "hi" }}"#, 1000000, #"6869"#),
    (#"{{ printf "%v" nil }}"#, 1000000, #"<nil>"#),
    (
      #"{{ len 3 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <len 3>: error calling len: len of type int>"#
    ),
    (#"{{ $labels.foo | len }}"#, 1000000, #"3"#),
    (#"{{ query "foo" | first }}"#, 1000000, #"{map[__name__:foo i:a] 6}"#),
    (#"{{ index (query "foo") 0 }}"#, 1000000, #"{map[__name__:foo i:a] 6}"#),
    (#"{{ (index (query "foo") 1).Labels.i }}"#, 1000000, #"b"#),
    (#"{{ slice (query "foo") 0 1 | len }}"#, 1000000, #"1"#),
    (
      #"{{ humanizeDuration 0 }} {{ humanizeDuration -1.5 }} {{ humanizeDuration 60 }} {{ humanizeDuration 3661.5 }} {{ humanizeDuration 90061 }} {{ humanizeDuration 0.001 }} {{ humanizeDuration 0.0000001 }} {{ humanizeDuration 59.999 }} {{humanizeDuration 899.99}}"#,
      1000000,
      #"0s -1.5s 1m 0s 1h 1m 1s 1d 1h 1m 1s 1ms 100ns 60s 14m 59s"#
    ),
    (
      #"{{ humanize 0 }} {{ humanize 1 }} {{ humanize 999.9 }} {{ humanize -1234 }} {{ humanize 1e27 }} {{ humanize 1e-27 }} {{ humanize 0.1 }} {{humanize 123456789}}"#,
      1000000,
      #"0 1 999.9 -1.234k 1000Y 0.001y 100m 123.5M"#
    ),
    (
      #"{{ humanize1024 0 }} {{ humanize1024 1 }} {{ humanize1024 1024 }} {{ humanize1024 -1048576 }} {{ humanize1024 1e30 }} {{ humanize1024 0.5 }}"#,
      1000000,
      #"0 1 1ki -1Mi 8.272e+05Yi 0.5"#
    ),
    (
      #"{{ humanizePercentage 0.1234567 }} {{ humanizePercentage 1 }} {{ humanizePercentage 0 }}"#, 1000000,
      #"12.35% 100% 0%"#
    ),
    (
      #"{{ humanizeTimestamp 0 }} {{ humanizeTimestamp 1700000000.123 }} {{ humanizeTimestamp -1 }}"#, 1000000,
      #"1970-01-01 00:00:00 +0000 UTC 2023-11-14 22:13:20.122 +0000 UTC 1969-12-31 23:59:59 +0000 UTC"#
    ),
    (
      #"{{ humanizeTimestamp 1e20 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <humanizeTimestamp 1e20>: error calling humanizeTimestamp: 1e+20 cannot be represented as a nanoseconds timestamp since it overflows int64>"#
    ),
    (#"{{ humanize (query "NaN_q" | len) }}"#, 1000000, #"0"#),
    (
      #"{{ "x" | first }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:121: executing "__alert_a" at <first>: wrong type for value; expected template.queryResult; got string>"#
    ),
    (#"{{ $value = 3 }}{{ $value }}"#, 1000000, #"3"#),
    (#"{{ $value = 3 }}{{ $value }}"#, 0.00001234, #"3"#),
    (#"{{ $value = 3 }}{{ $value }}"#, .nan, #"3"#),
    (#"{{ $value = 3 }}{{ $value }}"#, .infinity, #"3"#),
    (#"{{ $value = 3 }}{{ $value }}"#, -.infinity, #"3"#),
    (#"{{ $value = 3 }}{{ $value }}"#, 0.5, #"3"#),
    (#"{{ with $x := 5 }}{{ $x }}{{ end }}"#, 1000000, #"5"#),
    (#"{{ with $x := 0 }}a{{ else with $y := 4 }}{{ $y }}{{ end }}"#, 1000000, #"4"#),
    (#"{{ if and $labels.foo (gt $value 0.1) }}ok{{ end }}"#, 1000000, #"ok"#),
    (#"{{ if and $labels.foo (gt $value 0.1) }}ok{{ end }}"#, 0.00001234, #""#),
    (#"{{ if and $labels.foo (gt $value 0.1) }}ok{{ end }}"#, .nan, #"ok"#),
    (#"{{ if and $labels.foo (gt $value 0.1) }}ok{{ end }}"#, .infinity, #"ok"#),
    (#"{{ if and $labels.foo (gt $value 0.1) }}ok{{ end }}"#, -.infinity, #""#),
    (#"{{ if and $labels.foo (gt $value 0.1) }}ok{{ end }}"#, 0.5, #"ok"#),
    (#"{{ . }}"#, 1000000, #"{map[foo:bar] map[x:ext] http://ext:9090/p 1e+06}"#),
    (#"{{ $ }}"#, 1000000, #"{map[foo:bar] map[x:ext] http://ext:9090/p 1e+06}"#),
    (#"{{ $.Value }}"#, 1000000, #"1e+06"#),
    (#"{{ $.Value }}"#, 0.00001234, #"1.234e-05"#),
    (#"{{ $.Value }}"#, .nan, #"NaN"#),
    (#"{{ $.Value }}"#, .infinity, #"+Inf"#),
    (#"{{ $.Value }}"#, -.infinity, #"-Inf"#),
    (#"{{ $.Value }}"#, 0.5, #"0.5"#),
    (#"{{ range $labels }}{{ $.Value }};{{ end }}"#, 1000000, #"1e+06;"#),
    (#"{{ range $labels }}{{ $.Value }};{{ end }}"#, 0.00001234, #"1.234e-05;"#),
    (#"{{ range $labels }}{{ $.Value }};{{ end }}"#, .nan, #"NaN;"#),
    (#"{{ range $labels }}{{ $.Value }};{{ end }}"#, .infinity, #"+Inf;"#),
    (#"{{ range $labels }}{{ $.Value }};{{ end }}"#, -.infinity, #"-Inf;"#),
    (#"{{ range $labels }}{{ $.Value }};{{ end }}"#, 0.5, #"0.5;"#),
    (#"x{{ "}}" }}y"#, 1000000, #"x}}y"#),
    (#"{{ len (slice "abc" 1) }}"#, 1000000, #"2"#),
    (#"{{ index "abc" 1 }}"#, 1000000, #"98"#),
    (#"{{ eq $labels.foo "bar" }}"#, 1000000, #"true"#),
    (
      #"{{ ge $value 0 }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <ge $value 0>: error calling ge: incompatible types for comparison: float64 and int>"#
    ),
    (#"{{ le $value 2.0 }}"#, 1000000, #"false"#),
    (#"{{ le $value 2.0 }}"#, 0.00001234, #"true"#),
    (#"{{ le $value 2.0 }}"#, .nan, #"false"#),
    (#"{{ le $value 2.0 }}"#, .infinity, #"false"#),
    (#"{{ le $value 2.0 }}"#, -.infinity, #"true"#),
    (#"{{ le $value 2.0 }}"#, 0.5, #"true"#),
    (#"{{ print $value }} {{ print nil }}"#, 1000000, #"1e+06 <nil>"#),
    (#"{{ print $value }} {{ print nil }}"#, 0.00001234, #"1.234e-05 <nil>"#),
    (#"{{ print $value }} {{ print nil }}"#, .nan, #"NaN <nil>"#),
    (#"{{ print $value }} {{ print nil }}"#, .infinity, #"+Inf <nil>"#),
    (#"{{ print $value }} {{ print nil }}"#, -.infinity, #"-Inf <nil>"#),
    (#"{{ print $value }} {{ print nil }}"#, 0.5, #"0.5 <nil>"#),
    (#"{{ print "a" 1 2 true }}"#, 1000000, #"a1 2 true"#),
    (
      #"{{ parseDuration "x" }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <parseDuration "x">: error calling parseDuration: not a valid duration string: "x">"#
    ),
    (#"{{ stripPort $labels.instance }}"#, 1000000, #""#),
    (#"{{ title "éa bC" }}"#, 1000000, #"Éa BC"#),
    (
      #"{{ eq 1 "1" }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <eq 1 "1">: error calling eq: incompatible types for comparison: int and string>"#
    ),
    (
      #"{{ not }}"#, 1000000,
      #"<error expanding template: error executing template __alert_a: template: __alert_a:1:115: executing "__alert_a" at <not>: wrong number of args for not: want 1 got 0>"#
    ),
    (#"{{ 5 | eq 5 }}"#, 1000000, #"true"#),
    (#"{{ "abc" | printf "%.1s" }}"#, 1000000, #"a"#),
    (#"{{ .Value | printf "%.0f" }}"#, 1000000, #"1000000"#),
    (#"{{ .Value | printf "%.0f" }}"#, 0.00001234, #"0"#),
    (#"{{ .Value | printf "%.0f" }}"#, .nan, #"NaN"#),
    (#"{{ .Value | printf "%.0f" }}"#, .infinity, #"+Inf"#),
    (#"{{ .Value | printf "%.0f" }}"#, -.infinity, #"-Inf"#),
    (#"{{ .Value | printf "%.0f" }}"#, 0.5, #"0"#),
    (#"{{ $labels.foo | reReplaceAll "b" "c" }}"#, 1000000, #"car"#),
  ]
}
