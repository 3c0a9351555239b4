import { ref } from "vue";

/** The ticket that was looked at last: where the lists go on when one comes back to them. */
export const opened = ref<string>();
