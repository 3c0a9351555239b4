/**
 * What the server offers already. A part of the interface whose routes are still being built is shown
 * by the mock alone.
 */
const offered = new Set<Feature>([
  "uploads", "quotes", "mentions", "canned", "drafts", "scheduled", "delivery", "labels", "attributes", "priority", "participants", "teams", "merge", "looking", "transcript",
]);

export type Feature =
  | "uploads"
  | "quotes"
  | "mentions"
  | "canned"
  | "drafts"
  | "scheduled"
  | "delivery"
  | "transcript"
  | "labels"
  | "attributes"
  | "priority"
  | "participants"
  | "teams"
  | "merge"
  | "looking";

export function offers(feature: Feature): boolean {
  return __MOCKED__ || offered.has(feature);
}
