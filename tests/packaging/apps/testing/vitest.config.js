const environment = (environment) => ({ test: { name: environment, environment } });

export default { test: { projects: ["node", "jsdom", "happy-dom"].map(environment) } };
