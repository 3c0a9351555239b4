import { isQuiet } from "@patchbay/client/member";
import type { AppNotification, NotificationPreferences } from "@patchbay/client/types";

/** Where and when a notification arrives. */
export interface Surroundings {
  now: Date;
  /** The conversation it is about is on the screen of a tab that is looked at. */
  reading: boolean;
  /** The person allowed the browser to tell them. */
  granted: boolean;
}

/** How a notification makes itself noticed, beside the list. */
export interface Alerts {
  browser: boolean;
  sound: boolean;
}

/** What the member chose, and what the moment calls for: nothing about what is being read, nothing in quiet hours. */
export function alertsFor(notification: AppNotification, preferences: NotificationPreferences, around: Surroundings): Alerts {
  const rule = preferences.rules[notification.kind];
  if (!rule?.in_app || around.reading || isQuiet(preferences.quiet_hours, around.now)) return { browser: false, sound: false };
  return { browser: rule.browser && around.granted, sound: rule.sound };
}
