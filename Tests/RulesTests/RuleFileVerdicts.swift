/// Rule files and what promtool 3.5 says of them.
///
/// Each case begins with `=== good` or `=== bad` and its name.
let ruleFileVerdicts = #"""
  === good an empty file
  === good a comment only
  # nothing here
  === good document markers only
  ---
  ...
  === good null
  null
  === good tilde
  ~
  === good no groups
  groups:
  === good empty list of groups
  groups: []
  === good a null group
  groups: [null]
  === bad a group without name
  groups:
  - rules: []
  === bad an empty name
  groups:
  - name: ""
  === bad a null name
  groups:
  - name: null
  === good a number as name
  groups:
  - name: 12
  === good a truth value as name
  groups:
  - name: true
  === bad groups as a mapping
  groups: {name: a}
  === bad groups as a scalar
  groups: abc
  === bad groups as a number
  groups: 5
  === bad a list at the top
  - name: a
  === bad a scalar at the top
  hello
  === bad an unknown key at the top
  groups: []
  other: 1
  === bad an unknown key with null at the top
  groups: []
  other:
  === bad a key in other case
  Groups: []
  === bad an unknown key in a group
  groups:
  - name: a
    foo: bar
  === bad an unknown key in a rule
  groups:
  - name: a
    rules:
    - {record: a, expr: b, foo: c}
  === bad a duplicate key in a rule
  groups:
  - name: a
    rules:
    - record: a
      record: b
      expr: c
  === bad a duplicate key in a group
  groups:
  - name: a
    name: b
  === bad a duplicate key at the top
  groups: []
  groups: []
  === bad duplicate labels
  groups:
  - name: a
    rules:
    - record: a
      expr: b
      labels: {x: y, x: z}
  === bad duplicate groups
  groups: [{name: a}, {name: a}]
  === good groups whose names differ in case
  groups: [{name: a}, {name: A}]
  === good a group with null rules
  groups: [{name: a, rules: }]
  === good a null rule
  groups: [{name: a, rules: [null]}]
  === bad rules as a mapping
  groups: [{name: a, rules: {record: a, expr: b}}]
  === bad a rule as a scalar
  groups: [{name: a, rules: [abc]}]
  === bad an empty rule
  groups: [{name: a, rules: [{}]}]
  === good a record
  groups: [{name: a, rules: [{record: a, expr: b}]}]
  === good an alert
  groups: [{name: a, rules: [{alert: a, expr: b}]}]
  === bad both
  groups: [{name: a, rules: [{alert: a, record: a, expr: b}]}]
  === bad neither
  groups: [{name: a, rules: [{expr: b}]}]
  === good record and an empty alert
  groups: [{name: a, rules: [{record: a, alert: "", expr: b}]}]
  === good record and a null alert
  groups: [{name: a, rules: [{record: a, alert: null, expr: b}]}]
  === bad no expr
  groups: [{name: a, rules: [{record: a}]}]
  === bad an empty expr
  groups: [{name: a, rules: [{record: a, expr: ""}]}]
  === bad a null expr
  groups: [{name: a, rules: [{record: a, expr: null}]}]
  === good a number as expr
  groups: [{name: a, rules: [{record: a, expr: 1}]}]
  === good a decimal as expr
  groups: [{name: a, rules: [{record: a, expr: 1.5e3}]}]
  === good a truth value as expr
  groups: [{name: a, rules: [{record: a, expr: true}]}]
  === bad an expr that is a list
  groups: [{name: a, rules: [{record: a, expr: [b]}]}]
  === bad an expr that does not parse
  groups: [{name: a, rules: [{record: a, expr: "sum("}]}]
  === bad an expr with wrong types
  groups: [{name: a, rules: [{record: a, expr: "rate(b)"}]}]
  === bad an unknown function
  groups: [{name: a, rules: [{record: a, expr: "foo(b)"}]}]
  === good a range vector as expr
  groups: [{name: a, rules: [{record: a, expr: "b[5m]"}]}]
  === good a string as expr
  groups: [{name: a, rules: [{record: a, expr: "'b'"}]}]
  === bad an experimental function
  groups: [{name: a, rules: [{record: a, expr: "mad_over_time(b[5m])"}]}]
  === good a block expr
  groups:
  - name: a
    rules:
    - record: a
      expr: |
        sum by (x) (
          b
        )
  === good a folded expr
  groups:
  - name: a
    rules:
    - record: a
      expr: >-
        b
        +
        c
  === good a comment in an expr
  groups:
  - name: a
    rules:
    - record: a
      expr: |
        # why
        b
  === bad braces in a record name
  groups: [{name: a, rules: [{record: "a{b='c'}", expr: d}]}]
  === bad an opening brace in a record name
  groups: [{name: a, rules: [{record: "a{", expr: d}]}]
  === good a utf-8 record name
  groups: [{name: a, rules: [{record: "größe.x", expr: d}]}]
  === good a record name with blanks
  groups: [{name: a, rules: [{record: "a b c", expr: d}]}]
  === good a record name that is a number
  groups: [{name: a, rules: [{record: 5, expr: d}]}]
  === good a record name with a dot
  groups: [{name: a, rules: [{record: "a.b-c", expr: d}]}]
  === bad for on a record
  groups: [{name: a, rules: [{record: a, expr: b, for: 5m}]}]
  === good a for of zero on a record
  groups: [{name: a, rules: [{record: a, expr: b, for: 0s}]}]
  === bad keep_firing_for on a record
  groups: [{name: a, rules: [{record: a, expr: b, keep_firing_for: 5m}]}]
  === bad annotations on a record
  groups: [{name: a, rules: [{record: a, expr: b, annotations: {c: d}}]}]
  === good empty annotations on a record
  groups: [{name: a, rules: [{record: a, expr: b, annotations: {}}]}]
  === good null annotations on a record
  groups: [{name: a, rules: [{record: a, expr: b, annotations: }]}]
  === good for as a duration
  groups: [{name: a, rules: [{alert: a, expr: b, for: 1h30m}]}]
  === good a for of bare zero
  groups: [{name: a, rules: [{alert: a, expr: b, for: 0}]}]
  === good null for
  groups: [{name: a, rules: [{alert: a, expr: b, for: null}]}]
  === bad for as an empty string
  groups: [{name: a, rules: [{alert: a, expr: b, for: ""}]}]
  === bad for as a number
  groups: [{name: a, rules: [{alert: a, expr: b, for: 5}]}]
  === bad for in wrong order
  groups: [{name: a, rules: [{alert: a, expr: b, for: 30m1h}]}]
  === bad a decimal duration
  groups: [{name: a, rules: [{alert: a, expr: b, for: 1.5h}]}]
  === bad a negative duration
  groups: [{name: a, rules: [{alert: a, expr: b, for: -5m}]}]
  === bad an unknown unit
  groups: [{name: a, rules: [{alert: a, expr: b, for: 5x}]}]
  === bad a unit twice
  groups: [{name: a, rules: [{alert: a, expr: b, for: 5m5m}]}]
  === bad a duration that overflows
  groups: [{name: a, rules: [{alert: a, expr: b, for: 300y}]}]
  === bad a duration with a blank
  groups: [{name: a, rules: [{alert: a, expr: b, for: 1h 30m}]}]
  === good all units
  groups: [{name: a, rules: [{alert: a, expr: b, for: 1y1w1d1h1m1s1ms}]}]
  === bad a duration as a list
  groups: [{name: a, rules: [{alert: a, expr: b, for: [5m]}]}]
  === good an interval
  groups: [{name: a, interval: 5m}]
  === good an interval of zero
  groups: [{name: a, interval: 0s}]
  === bad an interval as a number
  groups: [{name: a, interval: 30}]
  === bad a bad interval
  groups: [{name: a, interval: soon}]
  === good query_offset
  groups: [{name: a, query_offset: 1m}]
  === good query_offset zero
  groups: [{name: a, query_offset: 0s}]
  === good query_offset null
  groups: [{name: a, query_offset: }]
  === bad query_offset negative
  groups: [{name: a, query_offset: -1m}]
  === good limit
  groups: [{name: a, limit: 10}]
  === good a negative limit
  groups: [{name: a, limit: -10}]
  === bad a limit as text
  groups: [{name: a, limit: many}]
  === bad a limit in quotes
  groups: [{name: a, limit: "10"}]
  === good a decimal limit
  groups: [{name: a, limit: 1.5}]
  === good a whole limit written with a point
  groups: [{name: a, limit: 2.0}]
  === good a limit in hexadecimal
  groups: [{name: a, limit: 0x10}]
  === good a limit in octal
  groups: [{name: a, limit: 0o17}]
  === good a limit in binary
  groups: [{name: a, limit: 0b101}]
  === good a limit with underscores
  groups: [{name: a, limit: 1_000}]
  === good a limit with an exponent
  groups: [{name: a, limit: 1e3}]
  === good a limit with a leading zero
  groups: [{name: a, limit: 010}]
  === bad a limit that is no number
  groups: [{name: a, limit: .nan}]
  === bad an infinite limit
  groups: [{name: a, limit: .inf}]
  === good a document marker within a block
  groups:
  - name: a
    rules:
    - record: a
      expr: |
        b
      # --- not a marker
  === good a first document that is empty
  ---
  ---
  other: 1
  === good text after the end of the document
  groups: []
  ...
  other: 1
  === bad a limit that overflows
  groups: [{name: a, limit: 99999999999999999999}]
  === good a limit with a plus
  groups: [{name: a, limit: +5}]
  === good a null limit
  groups: [{name: a, limit: ~}]
  === bad a limit as a truth value
  groups: [{name: a, limit: true}]
  === good group labels
  groups: [{name: a, labels: {x: y}}]
  === bad group labels as a list
  groups: [{name: a, labels: [x]}]
  === bad a group label __name__
  groups: [{name: a, labels: {__name__: y}}]
  === good an empty group label value
  groups: [{name: a, labels: {x: ""}}]
  === good labels as numbers
  groups: [{name: a, rules: [{record: a, expr: b, labels: {x: 1, y: 1.5, z: true, w: null}}]}]
  === good a number as label name
  groups: [{name: a, rules: [{record: a, expr: b, labels: {1: x}}]}]
  === good a truth value as label name
  groups: [{name: a, rules: [{record: a, expr: b, labels: {true: x}}]}]
  === good a null label name
  groups: [{name: a, rules: [{record: a, expr: b, labels: {null: x}}]}]
  === bad an empty label name
  groups: [{name: a, rules: [{record: a, expr: b, labels: {"": x}}]}]
  === bad __name__ as label
  groups: [{name: a, rules: [{record: a, expr: b, labels: {__name__: x}}]}]
  === good a label that begins with __
  groups: [{name: a, rules: [{record: a, expr: b, labels: {__x: y}}]}]
  === good a utf-8 label name
  groups: [{name: a, rules: [{record: a, expr: b, labels: {"é.x": y}}]}]
  === good a label name with a dash
  groups: [{name: a, rules: [{record: a, expr: b, labels: {a-b: y}}]}]
  === bad a label that is a list
  groups: [{name: a, rules: [{record: a, expr: b, labels: {x: [y]}}]}]
  === bad a label that is a mapping
  groups: [{name: a, rules: [{record: a, expr: b, labels: {x: {y: z}}}]}]
  === bad labels as a list
  groups: [{name: a, rules: [{record: a, expr: b, labels: [x]}]}]
  === bad labels as a scalar
  groups: [{name: a, rules: [{record: a, expr: b, labels: x}]}]
  === good null labels
  groups: [{name: a, rules: [{record: a, expr: b, labels: }]}]
  === good alertname as a label
  groups: [{name: a, rules: [{alert: a, expr: b, labels: {alertname: x}}]}]
  === good a template in a label of a record
  groups: [{name: a, rules: [{record: a, expr: b, labels: {x: "{{ nope"}}]}]
  === good templates
  groups: [{name: a, rules: [{alert: a, expr: b, labels: {x: "{{ $value }}"}, annotations: {y: "{{ $labels.z | title }}"}}]}]
  === bad an open template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: "{{ $labels.z "}}]}]
  === bad an open template in a label
  groups: [{name: a, rules: [{alert: a, expr: b, labels: {y: "{{ $labels.z "}}]}]
  === bad an unknown function in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: "{{ nope 1 }}"}}]}]
  === bad an unknown variable in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: "{{ $nope }}"}}]}]
  === good an unknown field in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: "{{ .Nope }}"}}]}]
  === bad an end without a beginning
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: "{{ end }}"}}]}]
  === bad an if without end
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: "{{ if true }}x"}}]}]
  === bad a broken string in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: '{{ "x }}'}}]}]
  === good a query in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: '{{ with query "up" }}{{ . | first | value }}{{ end }}'}}]}]
  === good a query that does not parse in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: '{{ query "sum(" }}'}}]}]
  === good too few arguments in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: '{{ humanize }}'}}]}]
  === bad too many arguments in a template
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {y: '{{ humanize 1 2 | | }}'}}]}]
  === good an annotation with a blank in its name
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {"a b": c}}]}]
  === bad an annotation without name
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {"": c}}]}]
  === good an annotation that is a number
  groups: [{name: a, rules: [{alert: a, expr: b, annotations: {x: 5}}]}]
  === good an anchor and an alias
  groups:
  - name: a
    rules:
    - alert: a
      expr: &e up == 0
      labels: &l {x: y}
    - alert: b
      expr: *e
      labels: *l
  === good a merge key
  groups:
  - name: a
    rules:
    - &r {alert: a, expr: b}
    - <<: *r
      for: 5m
  === good a merge key that is overridden
  groups:
  - name: a
    rules:
    - &r {alert: a, expr: b}
    - <<: *r
      alert: c
  === bad an alias without anchor
  groups:
  - name: a
    rules: *nope
  === bad an anchor under an unknown key
  x: &x {a: b}
  groups: []
  === good a second document
  groups: []
  ---
  groups: []
  === good a second document that is wrong
  groups: []
  ---
  other: 1
  === good a document marker before
  ---
  groups: []
  === good a document end after
  groups: []
  ...
  === bad tabs as indentation
  groups:
  	- name: a
  === bad an open quote
  groups:
  - name: "a
  === bad an open bracket
  groups: [
  === bad wrong indentation
  groups:
    - name: a
   rules: []
  === bad a value after a value
  groups: [] []
  === good a byte order mark
  groups: []
  === good carriage returns
  groups: []
  === good JSON
  {"groups": [{"name": "a", "rules": [{"record": "a", "expr": "b"}]}]}
  === good two equal records
  groups: [{name: a, rules: [{record: a, expr: b}, {record: a, expr: b}]}]
  === good a quoted name of a record that is null
  groups: [{name: a, rules: [{record: "null", expr: b}]}]
  === good a binary tag
  groups: [{name: !!str 5}]
  === good an int tag
  groups: [{name: a, limit: !!int 5}]
  === bad an unknown tag on a number
  groups: [{name: a, limit: !foo 5}]
  === good an escaped name
  groups: [{name: "\u00e4\n"}]
  === good a set of names in flow style over lines
  groups: [
    {name: a,
     rules: [
       {record: a,
        expr: b}]}]
  === good a date as name
  groups: [{name: 2024-01-01}]
  === good a date as label
  groups: [{name: a, rules: [{record: a, expr: b, labels: {x: 2024-01-01}}]}]
  === good a date as expr in quotes
  groups: [{name: a, rules: [{record: a, expr: "2024"}]}]
  === good a key in quotes
  "groups": [{'name': a}]
  === good a very long name
  groups: [{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]
  === good partial text with keep_firing_for
  groups: [{name: a, rules: [{alert: a, expr: b, keep_firing_for: 10m, for: 1m}]}]
  === good yes and no as names
  groups: [{name: yes}, {name: no}]
  === good an alert name with blanks
  groups: [{name: a, rules: [{alert: "a b", expr: b}]}]
  === good an alert name with braces
  groups: [{name: a, rules: [{alert: "a{b}", expr: b}]}]
  === good an alert name that is a template
  groups: [{name: a, rules: [{alert: "{{ $x }}", expr: b}]}]
  === good a utf-8 selector
  groups: [{name: a, rules: [{record: a, expr: '{"a.b", "c.d"="e"}'}]}]
  === bad a selector without matcher
  groups: [{name: a, rules: [{record: a, expr: '{}'}]}]
  === bad an invalid regular expression
  groups: [{name: a, rules: [{record: a, expr: 'a{b=~"("}'}]}]
  === good a group of another file
  groups: [{name: a, interval: 1m, limit: 1, query_offset: 1s, labels: {x: y}, rules: [{record: a, expr: b, labels: {z: w}}]}]
  === bad a source_tenants key
  groups: [{name: a, source_tenants: [b]}]
  === bad a partial_response_strategy key
  groups: [{name: a, partial_response_strategy: warn}]
  """#
