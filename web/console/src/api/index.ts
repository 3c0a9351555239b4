import { Api, SessionApi } from "@patchbay/client/api";

/** The server this page came from. */
export const api = new Api();
export const sessionApi = new SessionApi(api);
