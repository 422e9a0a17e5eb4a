from collections import Counter
import pytest
from tests.faults.conftest import *
from tests.faults.racing import race
from tests.faults.test_one_link import invited, accepting
@pytest.mark.parametrize("n",[("10","0.8"),("1","3"),("10","0.8"),("1","3")])
def test_x(world,nursery,database,serve,n):
    served = serve(worker=False, env={"VESTIBULE_WORKERS": "4","PYTHONPATH":"/tmp/h7/site","H7_MIN":n[0],"H7_TIMEOUT":n[1]})
    user, secret = invited(world, 0)
    answers = race(nursery, database, served, f"/f/{world.morel.slug}/welcome/{secret}/", accepting(world), processes=8, each=25)
    print(n,Counter(a["status"] for a in answers))
