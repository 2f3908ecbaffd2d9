// Signs with NCALayer what the server gives, and sends the signatures with the form. How a page uses it, and every word
// that it shows: templates/components/signing.html. A part of the form shows in the states of its `data-portal-sign-when`.
(() => {
  const CONNECT_WITHIN_MS = 10_000;
  const CANCELLED = /action\.canceled|cancelled by user|отменена пользователем/i;
  const NO_MODULE = /module not found|METHOD_NOT_FOUND/i;
  const clients = new WeakMap(); // form -> the connection that signs for it now
  const isOpen = (client) => client.wsConnection?.readyState === WebSocket.OPEN;
  const stop = (state) => { throw Object.assign(new Error(state), { state }); };

  function show(form, state, detail = "") {
    const hadFocus = form.contains(document.activeElement);
    form.dataset.portalSignState = state;
    form.querySelector("[data-portal-sign-detail]").textContent = detail;
    for (const part of form.querySelectorAll("[data-portal-sign-when]")) {
      part.hidden = !part.dataset.portalSignWhen.split(" ").includes(state);
    }
    if (hadFocus) form.querySelector("button:not([hidden])")?.focus();
  }

  function showProgress(form, done, total) {
    const part = form.querySelector("[data-portal-sign-progress]");
    part.textContent = part.dataset.portalSignProgress.replace("{done}", done).replace("{total}", total);
    part.hidden = total === 1;
  }

  async function connect(client) {
    client.kmdHttpApiUrl = "https://"; // the client looks for KAZTOKEN's own interface even when told not to: nowhere
    const late = new Promise((_, reject) => { setTimeout(reject, CONNECT_WITHIN_MS); });
    await Promise.race([client.connect(), late]).catch(() => stop("absent"));
  }

  async function askServer(form, source = form.dataset.portalSignSource) {
    const answer = await fetch(source, { method: "POST", body: new FormData(form) }).catch(() => null);
    return answer?.ok && !answer.redirected ? answer.json() : stop("refused");
  }

  // The module of 2022 signs many documents behind one window; the one before it signs one after the other.
  const newWay = { atOnce: 25, sign(client, documents, { portalSign, portalSignTestKeys }) {
    const signer = { ...NCALayerClient[`basicsSigner${portalSign}`] };
    if (portalSignTestKeys !== undefined) signer.chain = NCALayerClient.basicsSignerTestAny.chain;
    const { basicsStorageAll, basicsCMSParamsDetached } = NCALayerClient;
    const data = documents.length > 1 ? documents : documents[0];
    const { lang } = document.documentElement;
    return client.basicsSignCMS(basicsStorageAll, data, basicsCMSParamsDetached, signer, lang);
  } };
  const oldWay = { atOnce: 1, sign(client, [data], { portalSign }) {
    const keyType = portalSign.startsWith("Auth") ? "AUTHENTICATION" : "SIGNATURE";
    return client.createCAdESFromBase64(NCALayerClient.fileStorageType, data, keyType, false);
  } };

  async function signAll(client, documents, form, way) {
    const signatures = [];
    while (signatures.length < documents.length) {
      if (!isOpen(client)) stop("closed");
      showProgress(form, signatures.length, documents.length);
      const some = documents.slice(signatures.length, signatures.length + way.atOnce);
      signatures.push(...[].concat(await way.sign(client, some, form.dataset)));
    }
    return signatures;
  }

  async function run(form) {
    const client = new NCALayerClient(form.dataset.portalSignAddress, false);
    const showMine = (...what) => clients.get(form) === client && (show(form, ...what), true);
    clients.set(form, client);
    showMine("connecting");
    try {
      await connect(client);
      const { documents, fields } = await askServer(form);
      showMine("signing");
      const cms = await signAll(client, documents, form, newWay).catch((error) =>
        NO_MODULE.test(error.message) ? signAll(client, documents, form, oldWay) : Promise.reject(error));
      if (!showMine("sending")) return;
      const sent = [...Object.entries(fields), ...cms.map((signature) => ["cms", signature])];
      form.onformdata = ({ formData }) => sent.forEach(([name, value]) => formData.append(name, value));
      form.submit();
    } catch (error) {
      const isCancelled = error.canceledByUser || CANCELLED.test(error.message);
      showMine(error.state ?? (isCancelled ? "cancelled" : isOpen(client) ? "failed" : "closed"), error.message);
    } finally { client.wsConnection?.close(); }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-portal-sign]")) return;
    event.preventDefault();
    run(event.target);
  });
  document.addEventListener("click", ({ target }) => {
    const form = target.closest("[data-portal-sign-cancel]")?.form;
    clients.get(form)?.wsConnection?.close();
    if (clients.delete(form)) show(form, "cancelled");
  });
  const prepare = ({ persisted }) => document.querySelectorAll("form[data-portal-sign]").forEach((form) => {
    form.onformdata = null;
    if (persisted || !form.dataset.portalSignState) show(form, "idle"); // the back button brings a page as it was left
  });
  window.addEventListener("pageshow", prepare);
  document.addEventListener("htmx:load", prepare);
})();
