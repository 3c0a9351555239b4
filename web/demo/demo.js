// The shop's two languages. ?lang=zh-CN or ?lang=en decides; otherwise the browser does.
(function () {
  "use strict";
  const asked = new URLSearchParams(location.search).get("lang");
  let language = (asked || navigator.language || "en").toLowerCase().indexOf("zh") === 0 ? "zh-CN" : "en";

  function show() {
    const chinese = language === "zh-CN";
    document.documentElement.lang = language;
    document.title = chinese ? "云岭茶事" : "Cloud Ridge Tea";
    document.querySelectorAll("[data-en]").forEach(function (element) {
      element.textContent = element.getAttribute(chinese ? "data-zh" : "data-en");
    });
    const button = document.getElementById("language");
    button.textContent = chinese ? "English" : "中文";
    button.lang = chinese ? "en" : "zh-CN";
  }

  document.documentElement.lang = language;
  document.addEventListener("DOMContentLoaded", function () {
    document.getElementById("language").addEventListener("click", function () {
      language = language === "en" ? "zh-CN" : "en";
      // A fresh page: the widget reads its language when it loads.
      location.search = "?lang=" + language;
    });
    show();
  });
})();
