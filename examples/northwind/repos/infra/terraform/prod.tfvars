cloudflare_api_token = "{{cloudflare/account_api_token:edge}}"
region               = "eu-west-1"
