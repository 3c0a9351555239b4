{{- define "patchbay.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Names of a StatefulSet's pods carry a number, those of a CronJob's a time: 52 characters leave room for both. */}}
{{- define "patchbay.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "patchbay.selector" -}}
app.kubernetes.io/name: {{ include "patchbay.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "patchbay.labels" -}}
{{ include "patchbay.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: patchbay
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "patchbay.image" -}}
{{- with .Values.image -}}
{{ .registry }}/{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "patchbay.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "patchbay.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "patchbay.claim" -}}
{{- .Values.persistence.existingClaim | default (printf "%s-data" (include "patchbay.fullname" .)) }}
{{- end }}

{{- define "patchbay.backupClaim" -}}
{{- .Values.backup.persistence.existingClaim | default (printf "%s-backups" (include "patchbay.fullname" .)) }}
{{- end }}

{{/* The address people use: as given, or made from what lets them in. */}}
{{- define "patchbay.publicUrl" -}}
{{- if .Values.publicUrl }}
{{- .Values.publicUrl }}
{{- else if .Values.ingress.enabled }}
{{- printf "%s://%s" (ternary "https" "http" (not (empty .Values.ingress.tls))) (first .Values.ingress.hosts) }}
{{- else if .Values.httpRoute.enabled }}
{{- printf "https://%s" (first .Values.httpRoute.hostnames) }}
{{- end }}
{{- end }}

{{/* One spec of a claim, for data and for backups. */}}
{{- define "patchbay.claimSpec" -}}
accessModes: [{{ .accessMode }}]
{{- if eq .storageClass "-" }}
storageClassName: ""
{{- else if .storageClass }}
storageClassName: {{ .storageClass }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}

{{/*
The environment of every container of ours. Kubernetes would add a variable
PATCHBAY_PORT for a service named patchbay, and the server refuses variables
it does not know: pods set enableServiceLinks: false.
*/}}
{{- define "patchbay.env" -}}
- name: PATCHBAY_CONFIG
  value: /etc/patchbay/patchbay.yaml
{{- if .Values.masterKey.existingSecret }}
- name: PATCHBAY_SECRETS_KEY_FILE
  value: /run/secrets/patchbay/master-key
{{- end }}
{{- end }}

{{- define "patchbay.mounts" -}}
- name: data
  mountPath: /data
- name: config
  mountPath: /etc/patchbay
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if .Values.masterKey.existingSecret }}
- name: master-key
  mountPath: /run/secrets/patchbay
  readOnly: true
{{- end }}
{{- end }}

{{- define "patchbay.volumes" -}}
- name: data
  {{- if .Values.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "patchbay.claim" . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: config
  configMap:
    name: {{ include "patchbay.fullname" . }}
- name: tmp
  emptyDir: {}
{{- if .Values.masterKey.existingSecret }}
- name: master-key
  secret:
    secretName: {{ .Values.masterKey.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .Values.masterKey.key }}
        path: master-key
{{- end }}
{{- end }}

{{/* The part of a pod's spec that server and backup share. */}}
{{- define "patchbay.pod" -}}
serviceAccountName: {{ include "patchbay.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where backups lie, and what opens them: for making one and for bringing one back. */}}
{{- define "patchbay.backupMounts" -}}
- name: backups
  mountPath: /backups
{{- if .Values.backup.passphrase.existingSecret }}
- name: passphrase
  mountPath: /run/secrets/patchbay-backup
  readOnly: true
{{- end }}
{{- end }}

{{- define "patchbay.backupVolumes" -}}
- name: backups
  persistentVolumeClaim:
    claimName: {{ include "patchbay.backupClaim" . }}
{{- if .Values.backup.passphrase.existingSecret }}
- name: passphrase
  secret:
    secretName: {{ .Values.backup.passphrase.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .Values.backup.passphrase.key }}
        path: passphrase
{{- end }}
{{- end }}
