(function () {
  "use strict";
  // Times as the reader's clock and calendar have them.
  Array.prototype.forEach.call(document.querySelectorAll("time[datetime]"), function (one) {
    var at = new Date(one.getAttribute("datetime"));
    one.title = one.textContent;
    one.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  });
  var box = document.getElementById("attach");
  if (!box) return; // no files
  var form = document.getElementById("answer");
  var input = document.getElementById("files");
  var list = document.getElementById("chosen");
  var text = document.getElementById("text");
  var send = form.querySelector("button[type=submit]");
  var words = box.dataset;
  var under = 0;
  box.hidden = false;

  function ask(path, method, type, body) {
    return fetch(words.action + path, { method: method, body: body, credentials: "omit", headers: { "Content-Type": type } }).then(function (answer) {
      return answer.json().then(function (said) {
        if (!answer.ok) throw said;
        return said;
      });
    });
  }

  // One piece after the other, until the server has looked at the whole file.
  function bring(file, row, state) {
    state.value = state.size ? state.offset / state.size : 0;
    row.meter.value = state.value;
    if (row.gone) return Promise.reject({});
    if (state.attachment) return Promise.resolve(state.attachment.id);
    var piece = file.slice(state.offset, state.offset + state.chunk_size);
    return ask("/uploads/" + state.id + "?offset=" + state.offset, "PATCH", "application/octet-stream", piece).then(function (next) {
      return bring(file, row, next);
    });
  }

  function settle() {
    var any = list.children.length > 0;
    text.required = !any;
    send.disabled = under > 0;
    form.setAttribute("aria-busy", String(under > 0));
  }

  function say(row, sentence) {
    row.classList.add("bad");
    row.note.textContent = sentence;
  }

  function add(file) {
    var row = document.createElement("li");
    row.name = document.createElement("span");
    row.name.textContent = file.name;
    row.name.dir = "auto";
    row.meter = document.createElement("progress");
    row.meter.max = 1;
    row.meter.setAttribute("aria-label", file.name);
    row.note = document.createElement("span");
    row.note.setAttribute("role", "status");
    var remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = words.remove;
    remove.setAttribute("aria-label", words.remove + " " + file.name);
    remove.addEventListener("click", function () {
      row.gone = true;
      row.remove();
      settle();
      input.focus();
    });
    row.append(row.name, row.meter, row.note, remove);
    list.append(row);
    if (list.children.length > Number(words.most)) return say(row, words.many);
    under++;
    settle();
    ask("/uploads", "POST", "application/json", JSON.stringify({ name: file.name, size: file.size }))
      .then(function (made) { return bring(file, row, made); })
      .then(function (id) {
        var field = document.createElement("input");
        field.type = "hidden";
        field.name = "file";
        field.value = id;
        row.append(field);
        row.classList.add("there");
      })
      .catch(function (why) { say(row, why && why.code === "upload.too_large" ? words.large : words.failed); })
      .then(function () { under--; settle(); });
  }

  input.addEventListener("change", function () {
    Array.prototype.forEach.call(input.files, add);
    input.value = "";
  });
  // A file that could not be sent is not taken along in silence.
  form.addEventListener("submit", function (event) {
    var bad = list.querySelector(".bad button");
    if (under === 0 && !bad) return;
    event.preventDefault();
    if (bad) bad.focus();
  });
})();
