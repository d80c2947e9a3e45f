cd ~/web
curl https://api.anthropic.com/v1/models -H "x-api-key: {{anthropic/api_key:dana}}"
git push
