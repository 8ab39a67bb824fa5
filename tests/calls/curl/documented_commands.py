"""cURL commands in the styles in which services document their APIs; API is the server's origin."""

from typing import Final

DOCUMENTED: Final = (
    # GitHub, GitLab
    """curl -L \\
  -H "Accept: application/vnd.github+json" \\
  -H "Authorization: Bearer <YOUR-TOKEN>" \\
  -H "X-GitHub-Api-Version: 2022-11-28" \\
  API/repos/OWNER/REPO/issues""",
    """curl -L -X POST -H "Accept: application/vnd.github+json" \\
  -H "Authorization: Bearer <YOUR-TOKEN>" API/repos/OWNER/REPO/issues \\
  -d '{"title":"Found a bug","body":"I'\\''m having a problem with this.","labels":["bug"]}'""",
    "curl -L -X PUT -H 'Accept: application/vnd.github+json' API/user/starred/OWNER/REPO -d ''",
    "curl -s -u OWNER:ghp_abc 'API/search/code?q=addClass+in:file+language:js+repo:jquery/jquery'",
    'curl --header "PRIVATE-TOKEN: glpat-abc" --url "API/api/v4/projects?owned=true&sort=asc"',
    """curl --request POST --header "PRIVATE-TOKEN: glpat-abc" --form "title=A title" \\
  --form "file=@report.pdf" "API/api/v4/projects/5/uploads\"""",
    # Stripe, Square, PayPal
    """curl API/v1/payment_intents \\
  -u "sk_test_abc:" \\
  -d amount=2000 \\
  -d currency=usd \\
  -d "automatic_payment_methods[enabled]"=true""",
    'curl API/v1/files -u sk_test_abc: -F purpose=dispute_evidence -F file="@report.pdf"',
    (
        "curl -G API/v1/customers/search -u sk_test_abc: --data-urlencode "
        "query=\"name:'Jane Doe' AND metadata['foo']:'bar'\""
    ),
    "curl -X DELETE API/v1/customers/cus_1 -u sk_test_abc:",
    """curl API/v2/payments -X POST -H 'Square-Version: 2024-01-18' \\
  -H 'Authorization: Bearer ACCESS_TOKEN' -H 'Content-Type: application/json' \\
  -d '{
    "idempotency_key": "7b0f3ec5",
    "amount_money": {"amount": 1000, "currency": "USD"}
  }'""",
    """curl -v -X POST "API/v1/oauth2/token" \\
 -u "CLIENT_ID:CLIENT_SECRET" \\
 -H "Content-Type: application/x-www-form-urlencoded" \\
 -d "grant_type=client_credentials\"""",
    # Twilio, SendGrid, Mailgun
    """curl -X POST "API/2010-04-01/Accounts/ACx/Messages.json" \\
--data-urlencode "To=+15558675310" \\
--data-urlencode "From=+15557122661" \\
--data-urlencode "Body=Hi there" \\
-u ACx:token""",
    'curl "API/2010-04-01/Accounts/ACx/Calls.json?PageSize=20&Status=busy" -u ACx:token',
    """curl --request POST --url API/v3/mail/send --header "Authorization: Bearer SG.abc" \\
  --header 'Content-Type: application/json' \\
  --data '{"personalizations": [{"to": [{"email": "a@example.com"}]}],"subject": "Hi, World!"}'""",
    """curl -s --user 'api:key-abc' API/v3/example.com/messages \\
    -F from='Excited User <mailgun@example.com>' \\
    -F to=bar@example.com \\
    -F subject='Hello' \\
    --form-string html='<html>HTML version of the body</html>' \\
    -F attachment=@report.pdf""",
    # Slack, Discord, Telegram
    """curl -X POST -H 'Content-type: application/json; charset=utf-8' \\
  -H 'Authorization: Bearer xoxb-1' --data '{"channel":"C1","text":"caf\u00e9 :tada:"}' \\
  API/api/chat.postMessage""",
    (
        "curl -F file=@photo.png -F 'initial_comment=Look; here' -F channels=C1,C2 "
        "-H 'Authorization: Bearer xoxb-1' API/api/files.upload"
    ),
    "curl -d 'token=xoxb-1' -d 'channel=C1' -d 'limit=2' API/api/conversations.history",
    """curl -H "Content-Type: application/json" -X POST -H 'Authorization: Bot abc' \\
  -d "{\\"content\\": \\"test\\"}" API/api/v10/channels/1/messages""",
    (
        "curl -F 'payload_json={\"content\":\"x\"};type=application/json' -F 'files[0]=@photo.png' "
        "API/api/webhooks/1/abc"
    ),
    'curl -X POST "API/bot123:abc/sendMessage" -d "chat_id=1&text=my sample text"',
    # Google
    """curl 'API/v4/spreadsheets/ID/values/Sheet1!A1:D5?majorDimension=COLUMNS&key=KEY1' \\
  --header 'Authorization: Bearer [YOUR_ACCESS_TOKEN]' \\
  --header 'Accept: application/json' \\
  --compressed""",
    """curl --request POST 'API/v4/spreadsheets/ID/values/A1:append?valueInputOption=RAW' \\
  --header 'Content-Type: application/json' \\
  --data '{"range":"A1","values":[["a","b"],["c","d"]]}' \\
  --compressed""",
    (
        "curl -X POST -L -H 'Authorization: Bearer ya29.a' "
        "-F 'metadata={name : \"backup.zip\"};type=application/json;charset=UTF-8' "
        "-F 'file=@data.bin;type=application/zip' 'API/upload/drive/v3/files?uploadType=multipart'"
    ),
    (
        "curl -X POST --data-binary @photo.png -H 'Authorization: Bearer ya29.a' "
        "-H 'Content-Type: image/png' 'API/upload/storage/v1/b/B/o?uploadType=media&name=o%2Fp'"
    ),
    """curl -s --request POST --data "code=4/P7q&redirect_uri=https%3A//x.example/cb" \\
  API/token""",
    "curl -H 'X-Goog-User-Project: p' 'API/v1/projects/p:search?query=a%20b'",
    # Microsoft
    "curl -X GET 'API/v1.0/me/messages?$select=subject,from&$top=5' -H 'Authorization: Bearer eyJ'",
    """curl -X PATCH "API/v1.0/me/events/1" -H "Authorization: Bearer eyJ" \\
  -H "Content-Type: application/json" -H 'Prefer: outlook.timezone="Pacific Standard Time"' \\
  -d '{"subject": "Let\\u0027s go"}'""",
    (
        "curl -X POST -H 'Content-Type: application/x-www-form-urlencoded' "
        "-d 'client_id=535f&scope=https%3A%2F%2Fgraph.example%2F.default&client_secret=q%7EJ"
        "&grant_type=client_credentials' API/Common/oauth2/v2.0/token"
    ),
    "curl -X PUT -T photo.png -H 'x-ms-blob-type: BlockBlob' 'API/c/p.png?sv=2022&sig=a%2Fb%3D'",
    "curl -u :PAT 'API/org/proj/_apis/git/items?ids=1,2,3&api-version=7.0'",
    # AWS
    "curl -X PUT -T report.pdf 'API/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=300'",
    "curl --upload-file data.bin -H 'x-amz-acl: public-read' -H 'Content-MD5: abc==' API/b/k",
    """curl -X POST API/dev/pets -H 'x-api-key: abc' -H 'content-type: application/json' \\
  -d '{ "type": "dog", "price": 249.99 }'""",
    "curl API/bucket -F key=k -F 'Content-Type=image/png' -F policy=eyJ= -F file=@photo.png",
    # Shopify, BigCommerce
    """curl -X POST API/admin/api/2024-01/graphql.json \\
  -H 'Content-Type: application/json' -H 'X-Shopify-Access-Token: shpat_abc' \\
  -d '{
  "query": "query { products(first: 3) { edges { node { id title } } } }"
  }'""",
    """curl -X POST API/admin/api/2024-01/graphql.json -H 'Content-Type: application/graphql' \\
  -H 'X-Shopify-Access-Token: shpat_abc' -d '
  {
    shop { name }
  }
  '""",
    "curl -X PUT -H 'X-Auth-Token: t' --json '{\"name\":\"n\"}' API/stores/h/v3/catalog/products/1",
    # Storage and documents
    """curl -X POST API/2/files/upload \\
    --header "Authorization: Bearer sl.abc" \\
    --header "Dropbox-API-Arg: {\\"path\\": \\"/M/b.txt\\",\\"mode\\": \\"add\\"}" \\
    --header "Content-Type: application/octet-stream" \\
    --data-binary @body.json""",
    (
        "curl -X POST API/2/files/list_folder --header 'Content-Type: application/json' "
        '--data \'{"path":"","recursive":false}\''
    ),
    (
        "curl -i -X POST 'API/api/2.0/files/content' -H 'authorization: Bearer t' "
        "-H 'content-type: multipart/form-data' "
        '-F attributes=\'{"name":"c.txt", "parent":{"id":"0"}}\' -F file=@notes.txt'
    ),
    """curl 'API/v1/databases/d/query' -X POST -H 'Notion-Version: 2022-06-28' \\
  -H 'Authorization: Bearer '"secret_abc"'' -H "Content-Type: application/json" \\
  --data '{"filter": {"or": [{"property": "In stock", "checkbox": {"equals": true}}]}}'""",
    (
        "curl 'API/v0/app/Table%201?fields%5B%5D=A&sort[0][field]=A&filterByFormula=NOT(%7BA%7D)'"
        " -g -H 'Authorization: Bearer pat'"
    ),
    # Support and projects
    (
        "curl -u 'fred@example.com:token' -X GET -H 'Content-Type: application/json' "
        "'API/rest/api/3/search?jql=project%20%3D%20HSP&maxResults=2'"
    ),
    (
        "curl -D- -u fred:fred -X POST -H 'X-Atlassian-Token: no-check' -F 'file=@notes.txt' "
        "API/rest/api/3/issue/TEST-1/attachments -o /dev/null"
    ),
    (
        'curl API/api/v2/tickets.json -d \'{"ticket": {"subject": "x"}}\' '
        "-H 'Content-Type: application/json' -v -u agent@example.com/token:abc -X POST"
    ),
    (
        "curl --request GET --url 'API/crm/v3/objects/contacts?limit=10&archived=false' "
        "--header 'authorization: Bearer pat-na1'"
    ),
    "curl API/services/data/v59.0/query/?q=SELECT+name+from+Account -H 'Authorization: Bearer 00D'",
    (
        'curl -X POST API/1.0/tasks -H \'Authorization: Bearer 0/1\' -d \'{"data":{"name":"a"}}\' '
        "-H 'Content-Type: application/json' -H 'Accept: application/json'"
    ),
    "curl --request POST 'API/1/cards?idList=5abb&key=APIKey&name=A%20card' --header 'Accept: */*'",
    # Infrastructure
    """curl -X POST "API/client/v4/zones/z/purge_cache" \\
     -H "X-Auth-Email: user@example.com" \\
     -H "X-Auth-Key: c2547eb745079dac" \\
     -H "Content-Type: application/json" \\
     --data '{"purge_everything":true}'""",
    (
        "curl -X GET -H 'Content-Type: application/json' -H 'Authorization: Bearer dop' "
        "'API/v2/droplets?page=1&per_page=1'"
    ),
    (
        "curl -n -X PATCH API/apps/a -d '{\"name\":\"b\"}' -H 'Content-Type: application/json' "
        "-H 'Accept: application/vnd.heroku+json; version=3'"
    ),
    """curl -k -X PATCH -H 'Content-Type: application/merge-patch+json' \\
  --data '{"spec":{"replicas":5}}' -H "Authorization: Bearer eyJ" \\
  API/apis/apps/v1/namespaces/default/deployments/d""",
    "curl -s -H 'Content-Type: application/x-ndjson' -XPOST API/_bulk --data-binary @notes.txt",
    (
        "curl -X GET \"API/_search?pretty\" -H 'Content-Type: application/json' "
        '-d\'\n{ "query": { "match_all": {} } }\n\''
    ),
    "curl -i -XPOST 'API/write?db=mydb' --data-binary 'cpu,host=server01 value=0.64 1434055562'",
    "curl --data-binary @- API/metrics/job/some_job < STDIN",
    "curl -H 'X-Vault-Token: s.1' -X LIST API/v1/secret/metadata",
    "curl -fsSL --retry 5 --retry-delay 2 --connect-timeout 10 -m 60 API/install.sh -o /dev/null",
    "curl --fail-with-body -4 --tlsv1.3 --json '{\"a\":1}' API/v1/things",
    # As browsers copy requests
    """curl 'API/api/items?id=1&id=2' \\
  -H 'accept: application/json, text/plain, */*' \\
  -H 'accept-language: en-US,en;q=0.9' \\
  -b 'session=abc; theme=dark' \\
  -H 'sec-ch-ua: "Chromium";v="124", "Not-A.Brand";v="99"' \\
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \\
  --data-raw $'{"text":"it\\'s \\u0021 fine"}' \\
  --compressed""",
    (
        'curl API/graphql --data-raw \'{"query":"{ a(b: \\"c\\") }","variables":{}}\' '
        "-H 'content-type: application/json' -H 'origin: https://app.example' --insecure"
    ),
    "curl -X OPTIONS API/x -H 'Origin: https://a.example' -H 'Access-Control-Request-Method: PUT'",
)
