import { createApp } from "vue";
import { createPinia } from "pinia";
import { VueQueryPlugin } from "@tanstack/vue-query";
import App from "./App.vue";
import { i18n, locale, setLocale } from "./i18n";
import { createQueryClient } from "./query/client";
import { createConsoleRouter } from "./router";
import { useSession } from "./session/session";
import { applyTheme } from "./theme/theme";
import "./theme/base.css";

applyTheme(document.documentElement);

const app = createApp(App);
const pinia = createPinia();
const session = useSession(pinia);
const queryClient = createQueryClient((error) => session.noticed(error));

app.use(pinia);
app.use(i18n);
app.use(createConsoleRouter(session));
app.use(VueQueryPlugin, { queryClient });

// A language that does not load leaves English, which is always there.
void setLocale(locale.value)
  .catch(() => undefined)
  .then(() => app.mount("#app"));
