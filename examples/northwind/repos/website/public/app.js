// The shop's public page. The map key is meant to be read by everyone; the mail key was not.
const maps = { apiKey: "{{gcp/api_key_standard:maps}}" };
const mail = { apiKey: "{{sendgrid/api_key:contact-form}}" };
export { maps, mail };
