/** Settings whose values are for nobody's eyes: never shown, and never in a report. */
export const isSecretSetting = (name: string): boolean =>
  /(KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL|PROXY|OTLP_HEADERS)$/.test(name);
