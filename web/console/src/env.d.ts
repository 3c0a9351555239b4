/** Whether the console talks to the server in memory. */
declare const __MOCKED__: boolean;
