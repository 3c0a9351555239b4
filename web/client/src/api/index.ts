/** The member's side of the REST API, over the types generated from OpenAPI. Every failure is an ApiError. */
export { Api } from "./client";
export { SessionApi } from "./session";
export { WorkspaceApi, type ConversationQuery } from "./workspace";
export { ApiError, type FieldProblem, type Problem } from "../problem";
export { CatalogApi } from "./catalog";
export { SecurityApi, type ApiKey, type AuditQuery, type AuditRow, type AuditVerification, type MadeApiKey, type Sandbox, type Sandboxes } from "./security";
export { SystemApi, type BundleItem, type SystemFinding, type SystemHeard, type SystemReport, type SystemTrial } from "./system";
export { DeskApi, type DraftBody, type ScheduleBody } from "./desk";
export { ViewsApi, type BulkAction, type SearchQuery, type SearchType, type ViewBody } from "./views";
export { ContactsApi, type ContactBody, type ContactSort, type ImportChoice, type OrganisationBody, type RatingQuery } from "./contacts";
export { TicketsApi, type BulkTickets, type CommentBody, type NewTicket, type TicketPatch, type TicketQuery, type TicketTypeBody } from "./tickets";
export { WebhooksApi, type Replay, type WebhookBody } from "./webhooks";
export { AccessApi, type Allowance, type Examination, type ProviderFields, type RoleDefinition, type RolePatch } from "./access";
export { DataApi, type Erasure, type ErasurePreview, type ErasureReason, type Export, type Retention, type RetentionForecast, type RetentionRule } from "./data";
export { PanelsApi, type FarRecord, type Panel, type PanelCard, type PanelLook, type PanelSlot, type Pressed, type RecordField, type RecordLookup, type RecordObject, type Tool, type ToolUse } from "./panels";
export { ExtensionsApi, type Condition, type Connection, type ConnectionBody, type Extension, type HealthHistory, type HookPoint, type PluginPermission, type PluginState, type PluginStep, type PluginVersion, type SkippedEvent, type SkippedInterceptor } from "./extensions";
export { LicensesApi, type License, type LicenseStanding, type LicenseState } from "./licenses";
export { TemplatesApi, type Template, type TemplateAsk, type TemplateChange, type TemplateOp, type TemplateOutcome, type TemplatePlan } from "./templates";
