// Asks a passkey or security key for what a form needs. [data-security-key] is "create" or "get", data-options what the
// server asks the browser for; the answer goes into [data-security-key-answer] and is sent with the form.
const MESSAGES = {
  NotAllowedError: "Nothing was confirmed: it was cancelled, or it took too long. Try again.",
  InvalidStateError: "This passkey or security key is assigned already. Use another one.",
  NotSupportedError: "Your browser or device cannot make this kind of passkey or security key.",
  SecurityError: "Your browser offers no passkeys or security keys at this address.",
};

function bytesOf(text) {
  const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function textOf(buffer) {
  const characters = [...new Uint8Array(buffer)].map((byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function readOptions(given) {
  const described = (keys) => keys?.map((key) => ({ ...key, id: bytesOf(key.id) }));
  const options = { ...given, challenge: bytesOf(given.challenge) };
  if (given.user) options.user = { ...given.user, id: bytesOf(given.user.id) };
  if (given.excludeCredentials) options.excludeCredentials = described(given.excludeCredentials);
  if (given.allowCredentials) options.allowCredentials = described(given.allowCredentials);
  return options;
}

function written(credential) {
  const { response } = credential;
  const members = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) members[name] = textOf(response[name]);
  }
  if (response.getTransports) members.transports = response.getTransports();
  return JSON.stringify({ id: credential.id, response: members });
}

async function ask(region) {
  const waiting = region.querySelector("[data-security-key-waiting]");
  const error = region.querySelector("[data-security-key-error]");
  error.hidden = true;
  waiting.hidden = false;
  try {
    if (!navigator.credentials) throw new DOMException("", "SecurityError");
    const publicKey = readOptions(JSON.parse(region.dataset.options));
    return written(await navigator.credentials[region.dataset.securityKey]({ publicKey }));
  } catch (reason) {
    error.textContent = MESSAGES[reason.name] ?? `The passkey or security key could not be used: ${reason.message}`;
    error.hidden = false;
    return "";
  } finally {
    waiting.hidden = true;
  }
}

let isAsking = false;

async function askAndSend(form, region, submitter) {
  if (isAsking) return;
  isAsking = true;
  const answer = await ask(region);
  isAsking = false;
  if (!answer || !region.isConnected) return;
  region.querySelector("[data-security-key-answer]").value = answer;
  form.requestSubmit(submitter);
}

// In front of htmx, which sends boosted forms itself.
document.addEventListener(
  "submit",
  (event) => {
    const region = event.target.querySelector("[data-security-key]");
    if (!region || event.submitter?.formNoValidate || region.querySelector("[data-security-key-answer]").value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    askAndSend(event.target, region, event.submitter);
  },
  true,
);

// At the door the browser asks by itself, but for what was refused just now.
const atOnce = document.querySelector("[data-security-key][data-at-once]");
if (atOnce) askAndSend(atOnce.closest("form"), atOnce, null);
