"""OpenEnv: cases over HTTP and WebSocket (extra ``openenv``).

```console
medaction-gym serve --cases FILE --port 8000
```

```python
from medaction_gym.integrations.openenv.client import MedActionEnv

with MedActionEnv("http://127.0.0.1:8000").sync() as env:
    told = env.reset(case_id="teaching-cardiology-01-breathlessness")
    told = env.step({"action": "order_test", "test": "ECG"})
    print(told.observation.message, told.reward, told.done)
```

`environment` is what a session plays, `server` the application with its limits, `client` the typed
client, `records` what travels between them.
"""
