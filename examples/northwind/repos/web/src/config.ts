export const config = {
  apiKey: process.env.STRIPE_SECRET_KEY,
  analyticsToken: "your-token-here",
};
