{{/*
What the schema cannot say: rules between values. Each message says what is
wrong and what to do. Included once, by the StatefulSet.
*/}}
{{- define "patchbay.validate" -}}
{{- $v := .Values -}}
{{- if eq $v.mode "scaled" -}}
{{- fail "mode: scaled (PostgreSQL, NATS and several replicas) is not part of this version of the chart. Use mode: single." -}}
{{- else if ne $v.mode "single" -}}
{{- fail (printf "mode: %s is not known. Use mode: single." $v.mode) -}}
{{- end -}}

{{- $own := dict
  "data_dir" "It is /data, the volume of persistence."
  "server.address" "The container listens on port 8080; service.port is what others see."
  "server.insecure_http" "TLS ends at the Ingress or the Gateway."
  "server.public_url" "Use publicUrl."
  "server.trusted_proxies" "Use trustedProxies."
  "database.url" "mode: single keeps its data in SQLite on its volume."
  "secrets.key_file" "Use masterKey.existingSecret."
  "bus.url" "mode: single has its bus inside."
  "metrics.address" "Use metrics.enabled."
  "tls" "TLS ends at the Ingress or the Gateway."
  "admin.email" "Use admin.existingSecret."
  "admin.password" "Use admin.existingSecret: a ConfigMap is no place for a password."
  "demo" "It runs on a loopback address only, which nobody reaches in a cluster."
-}}
{{- range $path, $why := $own -}}
{{- $parts := splitList "." $path -}}
{{- $at := $v.config -}}
{{- range $i, $part := $parts -}}
{{- if and (kindIs "map" $at) (hasKey $at $part) -}}
{{- if eq (add1 $i) (len $parts) -}}
{{- fail (printf "config.%s is set by the chart. %s" $path $why) -}}
{{- end -}}
{{- $at = index $at $part -}}
{{- else -}}
{{- $at = "" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if and $v.ingress.enabled (empty $v.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts, for example [help.example.com]." -}}
{{- end -}}
{{- if $v.httpRoute.enabled -}}
{{- if empty $v.httpRoute.parentRefs -}}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs, for example [{name: my-gateway}]." -}}
{{- end -}}
{{- if empty $v.httpRoute.hostnames -}}
{{- fail "httpRoute.enabled needs httpRoute.hostnames, for example [help.example.com]." -}}
{{- end -}}
{{- end -}}
{{- if and $v.metrics.serviceMonitor.enabled (not $v.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled: without it /metrics is closed to Prometheus." -}}
{{- end -}}
{{- if and $v.metrics.rules.enabled (not $v.metrics.enabled) -}}
{{- fail "metrics.rules.enabled needs metrics.enabled: without metrics every alert is silent, or cries." -}}
{{- end -}}
{{- if and (gt (int $v.service.nodePort) 0) (eq $v.service.type "ClusterIP") -}}
{{- fail "service.nodePort needs service.type: NodePort or LoadBalancer." -}}
{{- end -}}

{{- if $v.backup.enabled -}}
{{- if not $v.persistence.enabled -}}
{{- fail "backup.enabled needs persistence.enabled: there is no volume to back up." -}}
{{- end -}}
{{- if eq $v.persistence.accessMode "ReadWriteOncePod" -}}
{{- fail "backup.enabled needs persistence.accessMode: ReadWriteOnce. A backup mounts the volume beside the server, on the same node." -}}
{{- end -}}
{{- if eq (include "patchbay.claim" .) (include "patchbay.backupClaim" .) -}}
{{- fail "backup.persistence.existingClaim is the claim of the data. A backup on the same volume is lost with it." -}}
{{- end -}}
{{- if and $v.backup.recipients $v.backup.passphrase.existingSecret -}}
{{- fail "backup.recipients and backup.passphrase.existingSecret exclude each other: a backup is encrypted in one way." -}}
{{- end -}}
{{- end -}}

{{- if and $v.restore.file (not $v.backup.enabled) -}}
{{- fail "restore.file needs backup.enabled: the file is looked for on the claim of the backups." -}}
{{- end -}}

{{- $drain := "15s" -}}
{{- if and (kindIs "map" $v.config.server) (hasKey $v.config.server "drain_timeout") -}}
{{- $drain = toString $v.config.server.drain_timeout -}}
{{- end -}}
{{- if regexMatch "^[0-9]+[sm]$" $drain -}}
{{- $seconds := int (regexFind "^[0-9]+" $drain) -}}
{{- if hasSuffix "m" $drain -}}{{- $seconds = mul 60 $seconds -}}{{- end -}}
{{- if le (int $v.terminationGracePeriodSeconds) (int $seconds) -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is not more than the %s of config.server.drain_timeout: the pod would be killed while it finishes." (int $v.terminationGracePeriodSeconds) $drain) -}}
{{- end -}}
{{- end -}}
{{- end }}
