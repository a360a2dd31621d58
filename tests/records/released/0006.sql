BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE alerts (
	id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	kind TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE aliases (
	model TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (model, alias)
);
CREATE TABLE artifacts (
	content TEXT NOT NULL, 
	blob TEXT NOT NULL, 
	format TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	type TEXT NOT NULL, 
	bytes BIGINT NOT NULL, 
	inline BLOB, 
	summary TEXT NOT NULL, 
	children TEXT NOT NULL, 
	pickled BOOLEAN NOT NULL, 
	classes TEXT, 
	files TEXT, 
	created DOUBLE NOT NULL, 
	PRIMARY KEY (content)
);
INSERT INTO "artifacts" VALUES('196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','5296c0a46dcdf8099a39bcbcab8918a48a25e53ba91ebba7250576f7d80ac420','list',1,'list',41,X'5B302E302C312E302C322E302C332E302C342E302C352E302C362E302C372E302C382E302C392E305D','{"length":10,"of":["float"]}','[]',0,NULL,NULL,1.7953386164388279915e+09);
INSERT INTO "artifacts" VALUES('075d1b1444f84c489bcb435a93ee1d5d67fd260273afad6760a971897f361118','5dbd7e3f04d15ac0d28b9544d330dfd52810e8d7d67f448b1889686fd9c0954e','json',1,'dict',22,X'7B226D65616E223A342E352C226465707468223A317D','{"value":"{''mean'': 4.5, ''depth'': 1}"}','[]',0,NULL,NULL,1.7953386164796116352e+09);
INSERT INTO "artifacts" VALUES('20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab','d16122d89b4f7be37b0db0264df1df719bd6cb322403e3718bfee7a3e58327a0','json',1,'dict',22,X'7B226D65616E223A342E352C226465707468223A337D','{"value":"{''mean'': 4.5, ''depth'': 3}"}','[]',0,NULL,NULL,1.79533861648801374433e+09);
INSERT INTO "artifacts" VALUES('2ef853034f2ac22eea2c6095697497f7b954f806bb13d5a5d09b3199a9c70a61','d68f5d2e3873ac28a5d11ad23ac14d40088a88f36e5f6141278fd7dd591ab201','json',1,'dict',22,X'7B226D65616E223A342E352C226465707468223A327D','{"value":"{''mean'': 4.5, ''depth'': 2}"}','[]',0,NULL,NULL,1.79533861653481650356e+09);
INSERT INTO "artifacts" VALUES('460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3','d546ac18adfac22df33e2a0f0050d4637defbdee0baecdbd155f14a8c79f2e8c','list',1,'list',70,X'5B7B226D65616E223A342E352C226465707468223A317D2C7B226D65616E223A342E352C226465707468223A327D2C7B226D65616E223A342E352C226465707468223A337D5D','{"length":3,"of":["dict"]}','[]',0,NULL,NULL,1.79533861653695607182e+09);
INSERT INTO "artifacts" VALUES('8451995b9bea47918d73c7b564c5105f5b72ab80d9b7166c83b574ebb4e8f4e0','acc8a7699a2bf4cbd05f69678eac4fc236572041c28dfd0ab558e5fcf2ab6540','json',1,'bool',4,X'74727565','{"value":"True"}','[]',0,NULL,NULL,1.79533861655988574027e+09);
INSERT INTO "artifacts" VALUES('4682e6a58f311687e25a59d587fe55736a75411462d5a1c4a5d741774ac21ab3','b7abf9a721c1c5ea421b8a793690517c7ee8660d0db88633e42ce4a08924a8fe','text',1,'str',35,X'7075626C6973686564207B276D65616E273A20342E352C20276465707468273A20337D','{"value":"\"published {''mean'': 4.5, ''depth'': 3}\""}','[]',0,NULL,NULL,1.7953386165657651424e+09);
INSERT INTO "artifacts" VALUES('3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a','2cb6b7f0cd838a2e38b2c8c7b7134ac76e5e583a5cf4c3d97394e4b8744e2801','list',1,'list',5,X'5B302E305D','{"length":1,"of":["float"]}','[]',0,NULL,NULL,1.79533862069297695156e+09);
INSERT INTO "artifacts" VALUES('dc359dd05aa0381b690c485cce7f58b1f8291033b175e0f7c23a45036e1ad5a6','4e003e8bc293f198cbbb501c70e64f312926c38de70b19606106a2e1122cffd1','json',1,'dict',22,X'7B226D65616E223A302E302C226465707468223A317D','{"value":"{''mean'': 0.0, ''depth'': 1}"}','[]',0,NULL,NULL,1.79533862075460553166e+09);
INSERT INTO "artifacts" VALUES('f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5','8bc79c16aac05e4681be08f0497c47572e79453a497bdc9f3d0626ca5aac7147','json',1,'dict',22,X'7B226D65616E223A302E302C226465707468223A337D','{"value":"{''mean'': 0.0, ''depth'': 3}"}','[]',0,NULL,NULL,1.79533862078744935989e+09);
INSERT INTO "artifacts" VALUES('51e7175fd28fc8fb2ea712284c40470aec7066bad2df46d689e97740961a1a7d','a10fcf61e9829c6c3599e3e6751413f1fb3ad70d66fe3f7762bc17620aafcf1e','json',1,'dict',22,X'7B226D65616E223A302E302C226465707468223A327D','{"value":"{''mean'': 0.0, ''depth'': 2}"}','[]',0,NULL,NULL,1.79533862088945794103e+09);
INSERT INTO "artifacts" VALUES('f67a4d4308a8f5067647b8808ba46d505744af055b30731d1da68faf817c670f','20bb3069f9a467cd2069a9694976855f58942bb28e90c3e2531c0af6b20d9664','list',1,'list',70,X'5B7B226D65616E223A302E302C226465707468223A317D2C7B226D65616E223A302E302C226465707468223A327D2C7B226D65616E223A302E302C226465707468223A337D5D','{"length":3,"of":["dict"]}','[]',0,NULL,NULL,1.795338620901597023e+09);
INSERT INTO "artifacts" VALUES('64acc836b99de3889e805c95a6d575cccf03bcfdf3055237c281bbe693414887','401f18ad0cca38559086c36f9e0295f1ca3a7023e5f095aeef69177a9b8f10ce','json',1,'bool',5,X'66616C7365','{"value":"False"}','[]',0,NULL,NULL,1.79533862094512033456e+09);
CREATE TABLE attempts (
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	status TEXT NOT NULL, 
	worker TEXT NOT NULL, 
	started DOUBLE NOT NULL, 
	ended DOUBLE, 
	error TEXT, 
	PRIMARY KEY (run, node, attempt)
);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','load',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861638907361033e+09,1.79533861643875455862e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[0]',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861644196891783e+09,1.79533861647956395147e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[1]',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861647583055497e+09,1.795338616534737587e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[2]',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861648270869253e+09,1.79533861648796153063e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','best',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861654225134849e+09,1.79533861655024433133e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','good',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861655204892153e+09,1.79533861655984687804e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','publish',1,'succeeded','{"pid": 1, "host": "there"}',1.79533861656194639209e+09,1795338616.56573,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','load',1,'succeeded','{"pid": 1, "host": "there"}',1.7953386206205222607e+09,1.79533862069289445878e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[0]',1,'succeeded','{"pid": 1, "host": "there"}',1795338620.70354,1.79533862075452113147e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[1]',1,'succeeded','{"pid": 1, "host": "there"}',1.79533862074723291396e+09,1.79533862088936471941e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[2]',1,'succeeded','{"pid": 1, "host": "there"}',1.79533862076649308207e+09,1.79533862078738522529e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','best',1,'succeeded','{"pid": 1, "host": "there"}',1.79533862090903210636e+09,1.79533862092819499964e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','good',1,'succeeded','{"pid": 1, "host": "there"}',1.7953386209343709946e+09,1.7953386209450578689e+09,NULL);
INSERT INTO "attempts" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','explain',1,'failed','{"pid": 1, "host": "there"}',1.79533862095242881772e+09,1.7953386209678926468e+09,'{"kind":"ValueError","message":"no rows","hint":null,"file":"/project/flow.py","line":33,"traceback":"Traceback (most recent call last):\n  File \"/project/flow.py\", line 33, in explain\n    raise ValueError(\"no rows\")\nValueError: no rows\n"}');
CREATE TABLE bundles (
	digest TEXT NOT NULL, 
	document TEXT NOT NULL, 
	blob TEXT, 
	PRIMARY KEY (digest)
);
INSERT INTO "bundles" VALUES('e9254bcc92f3d2337c73fff5369e70f19b8d072eb612b06083ea093cbdebc402','{"format":1,"files":[["flow.py","100644",875,"93e190d630ecbc1207d31e35ca91335ed66e3994e77ecf3a420dfbade0373786"],["windlass.toml","100644",0,"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"]]}','9b14c9514f4e2de88a9c1de39c6cdafd3cb8ed4acc6e1df65463d15b00db6f7e');
CREATE TABLE deployments (
	id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	host TEXT NOT NULL, 
	began DOUBLE NOT NULL, 
	beat DOUBLE NOT NULL, 
	ended DOUBLE, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE environments (
	digest TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "environments" VALUES('7dc1348b632d8ef99cfc099b2b21f12ebb1c0346d8f565379e9a4d2f32fe498e','{"format": 1, "python": "3.11", "implementation": "cpython", "packages": []}');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	kind TEXT NOT NULL, 
	data TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'01a20285-3e07-7e2b-9c64-032e758184cd','',1.79533861632788157465e+09,'created','{}');
INSERT INTO "events" VALUES(2,'01a20285-3e07-7e2b-9c64-032e758184cd','',1.79533861660825848575e+09,'succeeded','{"error":null}');
INSERT INTO "events" VALUES(3,'01a20285-44d0-7642-8077-ccaf7c51e51e','',1.79533861806438660617e+09,'created','{}');
INSERT INTO "events" VALUES(4,'01a20285-44d0-7642-8077-ccaf7c51e51e','',1.79533861846872305864e+09,'succeeded','{"error":null}');
INSERT INTO "events" VALUES(5,'01a20285-4c1b-7f59-80e6-419640b458d7','',1.79533861993195319175e+09,'created','{}');
INSERT INTO "events" VALUES(6,'01a20285-4c1b-7f59-80e6-419640b458d7','',1.79533862101071786882e+09,'failed','{"error":"''explain'' failed: ValueError: no rows\n  at flow.py:33"}');
CREATE TABLE evidence (
	model TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	document TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	PRIMARY KEY (model, number, kind)
);
CREATE TABLE fingerprints (
	digest TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "fingerprints" VALUES('a8f9f86f24983256570db760359ef38854cd804777e65ef6b47c5043de900bab','{"format":1,"entry":"flow.best","pieces":[["function","flow.best","a9a17a886b6cde8f706905dfeb25561e13d72aff680c1f8485ca17f96dfae395","flow.py",16]],"distributions":{},"unresolved":[],"bundle":null}');
INSERT INTO "fingerprints" VALUES('bb994c0aabfbe3fa431e6060cdf373f6f6cb3bd1810aeed052012ef47d351379','{"format":1,"entry":"flow.explain","pieces":[["function","flow.explain","a29f16cb46335c016c4a1b9278a2e34ac47fe29c9d5c822eb576ba09e5a3db1d","flow.py",31]],"distributions":{},"unresolved":[],"bundle":null}');
INSERT INTO "fingerprints" VALUES('0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a','{"format":1,"entry":"flow.fit","pieces":[["function","flow.fit","b4c7ad1d7e013a52eac88afd841b573adf8e7414dbcb997540e01356a2bf7e0f","flow.py",10],["name","flow.log_metric","adcfc3b4f893a6a4a08148e14a6cddbfc5fff056f97eafb777d1d60c292f8922",null,null]],"distributions":{},"unresolved":[],"bundle":null}');
INSERT INTO "fingerprints" VALUES('b5e1e933700d87cd6d8cd9fbdf1110a4141d3ae00d724180c543fb9383b5a287','{"format":1,"entry":"flow.good","pieces":[["function","flow.good","6d70a75ef6ddc34e9f534b1516d5ef11c92185009557041e7d38f80388fd6463","flow.py",21]],"distributions":{},"unresolved":[],"bundle":null}');
INSERT INTO "fingerprints" VALUES('e98147cdb1e308db6016a80434c08a7c0a0a82bba87a14420b32560a2410ce6a','{"format":1,"entry":"flow.load","pieces":[["function","flow.load","3d500835a5e18fe94308dbbbfeea6824ed07ce16ef205dd4e548f03dab1cdabd","flow.py",5]],"distributions":{},"unresolved":[],"bundle":null}');
INSERT INTO "fingerprints" VALUES('a2d8f3680b78f9baa3bdc4380afaa9afa8b4adeb3b4fa984e5a3e0cca1ee8d44','{"format":1,"entry":"flow.publish","pieces":[["function","flow.publish","a57463ab0e2c297d6b976d0cdd8c9de3f2cdc0c85fc56cd007b1c72deeeb4c32","flow.py",26]],"distributions":{},"unresolved":[],"bundle":null}');
CREATE TABLE inputs (
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	parameter TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	content TEXT NOT NULL, 
	source TEXT, 
	output TEXT, 
	item INTEGER, 
	PRIMARY KEY (run, node, parameter, position)
);
INSERT INTO "inputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[0]','data',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[2]','data',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[1]','data',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','best','models',0,'460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3','fit','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','good','model',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab','best','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','publish','model',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab','best','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[0]','data',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[1]','data',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[2]','data',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','best','models',0,'460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3','fit','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','good','model',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab','best','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','publish','model',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab','best','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[0]','data',0,'3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[2]','data',0,'3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[1]','data',0,'3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a','load','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','best','models',0,'f67a4d4308a8f5067647b8808ba46d505744af055b30731d1da68faf817c670f','fit','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','good','model',0,'f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5','best','output',NULL);
INSERT INTO "inputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','explain','model',0,'f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5','best','output',NULL);
CREATE TABLE locks (
	digest TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE TABLE marks (
	"plan" TEXT NOT NULL, 
	node TEXT NOT NULL, 
	output TEXT NOT NULL, 
	role TEXT NOT NULL, 
	model TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY ("plan", node, output, role, model)
);
CREATE TABLE metrics (
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	step BIGINT, 
	value DOUBLE, 
	time DOUBLE NOT NULL, 
	PRIMARY KEY (run, node, attempt, seq)
);
INSERT INTO "metrics" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[0]',1,0,'loss',NULL,1.0,1.79533861644587683674e+09);
INSERT INTO "metrics" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[2]',1,0,'loss',NULL,3.33333333333333314829e-01,1.79533861648713445667e+09);
INSERT INTO "metrics" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[1]',1,0,'loss',NULL,0.5,1.79533861650951409344e+09);
INSERT INTO "metrics" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[0]',1,0,'loss',NULL,1.0,1.79533862072021651269e+09);
INSERT INTO "metrics" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[2]',1,0,'loss',NULL,3.33333333333333314829e-01,1.79533862076975941663e+09);
INSERT INTO "metrics" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[1]',1,0,'loss',NULL,0.5,1.7953386208437931538e+09);
CREATE TABLE moves (
	id INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	old INTEGER, 
	new INTEGER, 
	time DOUBLE NOT NULL, 
	who TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT, 
	report TEXT, 
	details TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE nodes (
	"plan" TEXT NOT NULL, 
	node TEXT NOT NULL, 
	step TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY ("plan", node)
);
INSERT INTO "nodes" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','load','flow:load','single',0);
INSERT INTO "nodes" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','fit','flow:fit','zip',1);
INSERT INTO "nodes" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','best','flow:best','single',2);
INSERT INTO "nodes" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','good','flow:good','single',3);
INSERT INTO "nodes" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','publish','flow:publish','single',4);
INSERT INTO "nodes" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','explain','flow:explain','single',5);
CREATE TABLE observations (
	model TEXT NOT NULL, 
	began DOUBLE NOT NULL, 
	number INTEGER NOT NULL, 
	writer TEXT NOT NULL, 
	seconds DOUBLE NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (model, began, number, writer)
);
CREATE TABLE outcomes (
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	step TEXT NOT NULL, 
	status TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	cached BOOLEAN NOT NULL, 
	reason TEXT, 
	seconds DOUBLE, 
	started DOUBLE, 
	ended DOUBLE, 
	error TEXT, 
	"key" TEXT, 
	seed BIGINT, 
	ingredients TEXT, 
	origin_run TEXT, 
	origin_node TEXT, 
	PRIMARY KEY (run, node)
);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','load','flow:load','succeeded',1,1,0,'never run before',9.77002993749920278787e-04,1.79533861638907361033e+09,1.79533861643875455862e+09,NULL,'b12afc373e3f84b3055b1318a69bfb8e194f684bc8561b2c9c0be4d1b7d1750c',5495577281181861795,'{"code":"e98147cdb1e308db6016a80434c08a7c0a0a82bba87a14420b32560a2410ce6a","python":"3.11","seed":5495577281181861795,"arguments":{"rows":"94e0227a918ef310bdb025cd0a29c74e01758425e48652a8d5dc3c6dc4014223"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{"rows":"10"}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[0]','flow:fit','succeeded',1,1,0,'never run before',6.28205300017725676298e-03,1.79533861644196891783e+09,1.79533861647956395147e+09,NULL,'cc63903bdfc1afb444497e91549d343d6d09a07566db48d95eeddd0612992ef3',3589669106989995724,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":3589669106989995724,"arguments":{"data":"196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb","depth":"de5f21e7c7b38ebc8f56d20f8e21377d6342668664aa0f77de40fd090cec9e75"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[2]','flow:fit','succeeded',1,1,0,'never run before',5.10117999510839581489e-04,1.79533861648270869253e+09,1.79533861648796153063e+09,NULL,'27b6900841e6ccb03bda6499f4b0a346410e80cafd983fdcc8a7892631396346',4250850770034119463,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":4250850770034119463,"arguments":{"data":"196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb","depth":"801eae67d5bfd066b56e5b0ef730478edd64732d8709d57120a1c11db0bbf4bf"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[1]','flow:fit','succeeded',1,1,0,'never run before',5.57542000024113804101e-03,1.79533861647583055497e+09,1.795338616534737587e+09,NULL,'2f1e781d9dfdce7cd535860bac01391516d2f07ea330a39e32759a310fd80a48',8643373961204335072,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":8643373961204335072,"arguments":{"data":"196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb","depth":"228921dce191d9419cba69b79b4026b244ffc318d465141aa84c742adcf551a7"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit','flow:fit','succeeded',0,0,0,NULL,NULL,1.79533861653638315194e+09,1.79533861653638315194e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','best','flow:best','succeeded',1,1,0,'never run before',2.89620002149604260921e-04,1.79533861654225134849e+09,1.79533861655024433133e+09,NULL,'5c00ce0eb4300545cbae5dcc3465670a88d4c0b3659db4a5e9f427812a5cf3d8',3999197783423324616,'{"code":"a8f9f86f24983256570db760359ef38854cd804777e65ef6b47c5043de900bab","python":"3.11","seed":3999197783423324616,"arguments":{"models":"460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','good','flow:good','succeeded',1,1,0,'never run before',3.54267998773138970136e-04,1.79533861655204892153e+09,1.79533861655984687804e+09,NULL,'dbb29a02c6f50b6729c7b9cd635c14c8164746b641226c2b7a40866d344a7929',5791781581509106975,'{"code":"b5e1e933700d87cd6d8cd9fbdf1110a4141d3ae00d724180c543fb9383b5a287","python":"3.11","seed":5791781581509106975,"arguments":{"model":"20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','explain','flow:explain','skipped',0,0,0,'not taken by ''either'': the condition is true',NULL,1.79533861656117653847e+09,1.79533861656117653847e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','publish','flow:publish','succeeded',1,1,0,'never run before',3.31051996909081935882e-04,1.79533861656194639209e+09,1795338616.56573,NULL,'13f5b07b28c42383e3cebbdd9ad20ebfb684cd802425dc57fd299f25fef371b3',9000351350986657972,'{"code":"a2d8f3680b78f9baa3bdc4380afaa9afa8b4adeb3b4fa984e5a3e0cca1ee8d44","python":"3.11","seed":9000351350986657972,"arguments":{"model":"20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','load','flow:load','succeeded',1,1,1,'the same as in training-1',0.0,1.79533861813119745252e+09,1.79533861813119745252e+09,NULL,'b12afc373e3f84b3055b1318a69bfb8e194f684bc8561b2c9c0be4d1b7d1750c',5495577281181861795,'{"code":"e98147cdb1e308db6016a80434c08a7c0a0a82bba87a14420b32560a2410ce6a","python":"3.11","seed":5495577281181861795,"arguments":{"rows":"94e0227a918ef310bdb025cd0a29c74e01758425e48652a8d5dc3c6dc4014223"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{"rows":"10"}}','01a20285-3e07-7e2b-9c64-032e758184cd','load');
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[0]','flow:fit','succeeded',1,1,1,'the same as in training-1',0.0,1.79533861813243126866e+09,1.79533861813243126866e+09,NULL,'cc63903bdfc1afb444497e91549d343d6d09a07566db48d95eeddd0612992ef3',3589669106989995724,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":3589669106989995724,"arguments":{"data":"196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb","depth":"de5f21e7c7b38ebc8f56d20f8e21377d6342668664aa0f77de40fd090cec9e75"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}','01a20285-3e07-7e2b-9c64-032e758184cd','fit[0]');
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[1]','flow:fit','succeeded',1,1,1,'the same as in training-1',0.0,1.7953386181325092316e+09,1.7953386181325092316e+09,NULL,'2f1e781d9dfdce7cd535860bac01391516d2f07ea330a39e32759a310fd80a48',8643373961204335072,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":8643373961204335072,"arguments":{"data":"196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb","depth":"228921dce191d9419cba69b79b4026b244ffc318d465141aa84c742adcf551a7"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}','01a20285-3e07-7e2b-9c64-032e758184cd','fit[1]');
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[2]','flow:fit','succeeded',1,1,1,'the same as in training-1',0.0,1.79533861813257050515e+09,1.79533861813257050515e+09,NULL,'27b6900841e6ccb03bda6499f4b0a346410e80cafd983fdcc8a7892631396346',4250850770034119463,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":4250850770034119463,"arguments":{"data":"196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb","depth":"801eae67d5bfd066b56e5b0ef730478edd64732d8709d57120a1c11db0bbf4bf"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}','01a20285-3e07-7e2b-9c64-032e758184cd','fit[2]');
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit','flow:fit','succeeded',0,0,0,NULL,NULL,1.79533861813269305231e+09,1.79533861813269305231e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','best','flow:best','succeeded',1,1,1,'the same as in training-1',0.0,1.79533861814426565174e+09,1.79533861814426565174e+09,NULL,'5c00ce0eb4300545cbae5dcc3465670a88d4c0b3659db4a5e9f427812a5cf3d8',3999197783423324616,'{"code":"a8f9f86f24983256570db760359ef38854cd804777e65ef6b47c5043de900bab","python":"3.11","seed":3999197783423324616,"arguments":{"models":"460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}','01a20285-3e07-7e2b-9c64-032e758184cd','best');
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','good','flow:good','succeeded',1,1,1,'the same as in training-1',0.0,1.79533861814467501647e+09,1.79533861814467501647e+09,NULL,'dbb29a02c6f50b6729c7b9cd635c14c8164746b641226c2b7a40866d344a7929',5791781581509106975,'{"code":"b5e1e933700d87cd6d8cd9fbdf1110a4141d3ae00d724180c543fb9383b5a287","python":"3.11","seed":5791781581509106975,"arguments":{"model":"20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}','01a20285-3e07-7e2b-9c64-032e758184cd','good');
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','explain','flow:explain','skipped',0,0,0,'not taken by ''either'': the condition is true',NULL,1.79533861814486956601e+09,1.79533861814486956601e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','publish','flow:publish','succeeded',1,1,1,'the same as in training-1',0.0,1.7953386181452021599e+09,1.7953386181452021599e+09,NULL,'13f5b07b28c42383e3cebbdd9ad20ebfb684cd802425dc57fd299f25fef371b3',9000351350986657972,'{"code":"a2d8f3680b78f9baa3bdc4380afaa9afa8b4adeb3b4fa984e5a3e0cca1ee8d44","python":"3.11","seed":9000351350986657972,"arguments":{"model":"20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}','01a20285-3e07-7e2b-9c64-032e758184cd','publish');
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','load','flow:load','succeeded',1,1,0,'input rows differs: 10 → 1',6.86236200272105634212e-03,1.7953386206205222607e+09,1.79533862069289445878e+09,NULL,'875363ab712d4a3fb5535424ec008e00ad6cc4c3b7ce16f424db738ea17f5c86',5495577281181861795,'{"code":"e98147cdb1e308db6016a80434c08a7c0a0a82bba87a14420b32560a2410ce6a","python":"3.11","seed":5495577281181861795,"arguments":{"rows":"de5f21e7c7b38ebc8f56d20f8e21377d6342668664aa0f77de40fd090cec9e75"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{"rows":"1"}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[0]','flow:fit','succeeded',1,1,0,'input data differs: 10 items → 1 items',1.08727900078520178794e-03,1795338620.70354,1.79533862075452113147e+09,NULL,'8f5d546519827bc0d34971b066199aaa09b6736d87abf36fa9bb9459081c88c0',3589669106989995724,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":3589669106989995724,"arguments":{"data":"3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a","depth":"de5f21e7c7b38ebc8f56d20f8e21377d6342668664aa0f77de40fd090cec9e75"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[2]','flow:fit','succeeded',1,1,0,'input data differs: 10 items → 1 items',1.69044079957529902458e-02,1.79533862076649308207e+09,1.79533862078738522529e+09,NULL,'8d9d8b37ba1f3e1650f756cdeae60000f8ffad2b68e5915d597e617c99d1f7cc',4250850770034119463,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":4250850770034119463,"arguments":{"data":"3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a","depth":"801eae67d5bfd066b56e5b0ef730478edd64732d8709d57120a1c11db0bbf4bf"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[1]','flow:fit','succeeded',1,1,0,'input data differs: 10 items → 1 items',2.08419100090395659208e-03,1.79533862074723291396e+09,1.79533862088936471941e+09,NULL,'aadd852a8866acc41d80b46c5365770ee5c87ed3de0d7d3e29498f320b088e94',8643373961204335072,'{"code":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","python":"3.11","seed":8643373961204335072,"arguments":{"data":"3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a","depth":"228921dce191d9419cba69b79b4026b244ffc318d465141aa84c742adcf551a7"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit','flow:fit','succeeded',0,0,0,NULL,NULL,1.79533862090064096454e+09,1.79533862090064096454e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','best','flow:best','succeeded',1,1,0,'input models differs: of the same form (3 items)',5.12050995894242078065e-04,1.79533862090903210636e+09,1.79533862092819499964e+09,NULL,'c9f199deaab5b5f5cd82ea1d521a439dda6294ff2a3081a96c93bceaeb2ba70d',3999197783423324616,'{"code":"a8f9f86f24983256570db760359ef38854cd804777e65ef6b47c5043de900bab","python":"3.11","seed":3999197783423324616,"arguments":{"models":"f67a4d4308a8f5067647b8808ba46d505744af055b30731d1da68faf817c670f"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','good','flow:good','succeeded',1,1,0,'input model differs: {''mean'': 4.5, ''depth'': 3} → {''mean'': 0.0, ''depth'': 3}',5.84806999540887773036e-04,1.7953386209343709946e+09,1.7953386209450578689e+09,NULL,'9ce32d2d80ad3b8431a04d070000ff3e4c1858040071e7d0cd07ee5697398e4b',5791781581509106975,'{"code":"b5e1e933700d87cd6d8cd9fbdf1110a4141d3ae00d724180c543fb9383b5a287","python":"3.11","seed":5791781581509106975,"arguments":{"model":"f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','publish','flow:publish','skipped',0,0,0,'not taken by ''either'': the condition is false',NULL,1.79533862095117831229e+09,1.79533862095117831229e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "outcomes" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','explain','flow:explain','failed',1,1,0,'never run before',3.533560011419467628e-04,1.79533862095242881772e+09,1.7953386209678926468e+09,'{"kind":"ValueError","message":"no rows","hint":null,"file":"/project/flow.py","line":33,"traceback":"Traceback (most recent call last):\n  File \"/project/flow.py\", line 33, in explain\n    raise ValueError(\"no rows\")\nValueError: no rows\n"}','31474959127e3287d83ac866a5a3c0169891ed8753b9fa5bca99600db78203c3',8156147713704560904,'{"code":"bb994c0aabfbe3fa431e6060cdf373f6f6cb3bd1810aeed052012ef47d351379","python":"3.11","seed":8156147713704560904,"arguments":{"model":"f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5"},"classes":{},"settings":{"allow_pickle":false,"cpus":1},"split":[],"files":{},"variables":{},"shown":{}}',NULL,NULL);
CREATE TABLE outputs (
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	name TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (run, node, name)
);
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','load','output',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[0]','output',0,'075d1b1444f84c489bcb435a93ee1d5d67fd260273afad6760a971897f361118');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[2]','output',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit[1]','output',0,'2ef853034f2ac22eea2c6095697497f7b954f806bb13d5a5d09b3199a9c70a61');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','fit','output',0,'460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','best','output',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','good','output',0,'8451995b9bea47918d73c7b564c5105f5b72ab80d9b7166c83b574ebb4e8f4e0');
INSERT INTO "outputs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','publish','output',0,'4682e6a58f311687e25a59d587fe55736a75411462d5a1c4a5d741774ac21ab3');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','load','output',0,'196412bcd56b1634388a294012bd7844501688503890ecc91621011270e24dfb');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[0]','output',0,'075d1b1444f84c489bcb435a93ee1d5d67fd260273afad6760a971897f361118');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[1]','output',0,'2ef853034f2ac22eea2c6095697497f7b954f806bb13d5a5d09b3199a9c70a61');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit[2]','output',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','fit','output',0,'460c7ea6de39652eb7a9f4d6332ab36a15a844d331a2a38ba7ddec0aaeaf32a3');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','best','output',0,'20000b87b485b23293e5acfe21b45171fce9d7007f49dfd4a55bdffb9a7f9bab');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','good','output',0,'8451995b9bea47918d73c7b564c5105f5b72ab80d9b7166c83b574ebb4e8f4e0');
INSERT INTO "outputs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','publish','output',0,'4682e6a58f311687e25a59d587fe55736a75411462d5a1c4a5d741774ac21ab3');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','load','output',0,'3b7495fc4af02126b2f66fc353d89102d91e292bcfa263fd925def217048ec7a');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[0]','output',0,'dc359dd05aa0381b690c485cce7f58b1f8291033b175e0f7c23a45036e1ad5a6');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[2]','output',0,'f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit[1]','output',0,'51e7175fd28fc8fb2ea712284c40470aec7066bad2df46d689e97740961a1a7d');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','fit','output',0,'f67a4d4308a8f5067647b8808ba46d505744af055b30731d1da68faf817c670f');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','best','output',0,'f4b12616f5bc350d5b03e8978e787f8588e7ec3c74237b6088cddabf5a99e4f5');
INSERT INTO "outputs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','good','output',0,'64acc836b99de3889e805c95a6d575cccf03bcfdf3055237c281bbe693414887');
CREATE TABLE parameters (
	run TEXT NOT NULL, 
	node TEXT NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (run, node, name)
);
INSERT INTO "parameters" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd','','rows','10');
INSERT INTO "parameters" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e','','rows','10');
INSERT INTO "parameters" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7','','rows','1');
CREATE TABLE parts (
	whole TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	part TEXT NOT NULL, 
	PRIMARY KEY (whole, position)
);
CREATE TABLE plans (
	digest TEXT NOT NULL, 
	pipeline TEXT NOT NULL, 
	document TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "plans" VALUES('bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','training','{"version":2,"pipeline":"flow:training","parameters":[{"name":"rows","type":"int","required":false,"default":10}],"sources":["."],"bundle":"e9254bcc92f3d2337c73fff5369e70f19b8d072eb612b06083ea093cbdebc402","environment":"7dc1348b632d8ef99cfc099b2b21f12ebb1c0346d8f565379e9a4d2f32fe498e","code":{"flow:best":"a8f9f86f24983256570db760359ef38854cd804777e65ef6b47c5043de900bab","flow:explain":"bb994c0aabfbe3fa431e6060cdf373f6f6cb3bd1810aeed052012ef47d351379","flow:fit":"0b162524c512b1a1211c600ec99dd6dbe15d0e4cf91f8460ad2d4448ce0ce98a","flow:good":"b5e1e933700d87cd6d8cd9fbdf1110a4141d3ae00d724180c543fb9383b5a287","flow:load":"e98147cdb1e308db6016a80434c08a7c0a0a82bba87a14420b32560a2410ce6a","flow:publish":"a2d8f3680b78f9baa3bdc4380afaa9afa8b4adeb3b4fa984e5a3e0cca1ee8d44"},"files":{},"variables":{},"graph":{"name":"training","nodes":[{"name":"load","step":"flow:load","inputs":{"rows":{"parameter":"rows"}}},{"name":"fit","step":"flow:fit","inputs":{"data":{"node":"load"},"depth":{"each":{"constant":[1,2,3]}}},"mode":"zip"},{"name":"best","step":"flow:best","inputs":{"models":{"node":"fit"}}},{"name":"good","step":"flow:good","inputs":{"model":{"node":"best"}}},{"name":"publish","step":"flow:publish","inputs":{"model":{"node":"best"}},"when":[["either",true]]},{"name":"explain","step":"flow:explain","inputs":{"model":{"node":"best"}},"when":[["either",false]]}],"choices":[{"name":"either","condition":{"node":"good"},"then":{"node":"publish"},"otherwise":{"node":"explain"},"when":[]}],"result":{"choice":"either"}}}',1.79533861621829295162e+09);
CREATE TABLE proofs (
	run TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	verdict TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (run, created)
);
CREATE TABLE reports (
	id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	verdict TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE runs (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	pipeline TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	bundle TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	target TEXT NOT NULL, 
	stack TEXT NOT NULL, 
	status TEXT NOT NULL, 
	seed BIGINT NOT NULL, 
	created DOUBLE NOT NULL, 
	ended DOUBLE, 
	error TEXT, 
	host TEXT, 
	git TEXT, 
	details TEXT NOT NULL, 
	driver TEXT, 
	beat DOUBLE, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "runs" VALUES('01a20285-3e07-7e2b-9c64-032e758184cd',1,'training-1','training','bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','e9254bcc92f3d2337c73fff5369e70f19b8d072eb612b06083ea093cbdebc402','7dc1348b632d8ef99cfc099b2b21f12ebb1c0346d8f565379e9a4d2f32fe498e','local','default','succeeded',0,1.79533861632788157465e+09,1.79533861660825848575e+09,NULL,'{"hostname": "there", "boot": null, "pid": 1, "pid_started": 1.0}',NULL,'{"cache": true, "digests": {"rows": "94e0227a918ef310bdb025cd0a29c74e01758425e48652a8d5dc3c6dc4014223"}, "folder": ".", "path": [], "refresh": false, "options": {"keep_going": false, "in_process": false, "fresh": false, "workers": null, "memory": null}, "left_out": [], "machine": {"system": "Linux", "python": "3.11.7"}, "windlass": {"version": "0.1.0", "wheel": "d4f72c4b259dd649de9a2ec9b85a1828f6c02f5154f7951ba463503e68e5c484"}}','20b1eee68ffd4f1ab8e497ba6255391b',1.79533861632788157465e+09);
INSERT INTO "runs" VALUES('01a20285-44d0-7642-8077-ccaf7c51e51e',2,'training-2','training','bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','e9254bcc92f3d2337c73fff5369e70f19b8d072eb612b06083ea093cbdebc402','7dc1348b632d8ef99cfc099b2b21f12ebb1c0346d8f565379e9a4d2f32fe498e','local','default','succeeded',0,1.79533861806438660617e+09,1.79533861846872305864e+09,NULL,'{"hostname": "there", "boot": null, "pid": 1, "pid_started": 1.0}',NULL,'{"cache": true, "digests": {"rows": "94e0227a918ef310bdb025cd0a29c74e01758425e48652a8d5dc3c6dc4014223"}, "folder": ".", "path": [], "refresh": false, "options": {"keep_going": false, "in_process": false, "fresh": false, "workers": null, "memory": null}, "left_out": [], "machine": {"system": "Linux", "python": "3.11.7"}, "windlass": {"version": "0.1.0", "wheel": "d4f72c4b259dd649de9a2ec9b85a1828f6c02f5154f7951ba463503e68e5c484"}}','eb57cef1b6d649b489c2ed5ccddd536e',1.79533861806438660617e+09);
INSERT INTO "runs" VALUES('01a20285-4c1b-7f59-80e6-419640b458d7',3,'training-3','training','bdfcd859964bf28ab2cb1da427829e46ee180dc2623445f57687daaf35ae1073','e9254bcc92f3d2337c73fff5369e70f19b8d072eb612b06083ea093cbdebc402','7dc1348b632d8ef99cfc099b2b21f12ebb1c0346d8f565379e9a4d2f32fe498e','local','default','failed',0,1.79533861993195319175e+09,1.79533862101071786882e+09,'''explain'' failed: ValueError: no rows
  at flow.py:33','{"hostname": "there", "boot": null, "pid": 1, "pid_started": 1.0}',NULL,'{"cache": true, "digests": {"rows": "de5f21e7c7b38ebc8f56d20f8e21377d6342668664aa0f77de40fd090cec9e75"}, "folder": ".", "path": [], "refresh": false, "options": {"keep_going": false, "in_process": false, "fresh": false, "workers": null, "memory": null}, "left_out": [], "machine": {"system": "Linux", "python": "3.11.7"}, "windlass": {"version": "0.1.0", "wheel": "d4f72c4b259dd649de9a2ec9b85a1828f6c02f5154f7951ba463503e68e5c484"}}','83f9e101c950417298f5bf7cc2e0882b',1.79533861993195319175e+09);
CREATE TABLE sources (
	digest TEXT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "sources" VALUES('a9a17a886b6cde8f706905dfeb25561e13d72aff680c1f8485ca17f96dfae395','@step
def best(models: list[dict[str, float]]) -> dict[str, float]:
    return max(models, key=lambda model: model["depth"])
');
INSERT INTO "sources" VALUES('a29f16cb46335c016c4a1b9278a2e34ac47fe29c9d5c822eb576ba09e5a3db1d','@step
def explain(model: dict[str, float]) -> str:
    raise ValueError("no rows")
');
INSERT INTO "sources" VALUES('b4c7ad1d7e013a52eac88afd841b573adf8e7414dbcb997540e01356a2bf7e0f','@step
def fit(data: list[float], depth: int) -> dict[str, float]:
    log_metric("loss", 1 / depth)
    return {"mean": sum(data) / len(data), "depth": depth}
');
INSERT INTO "sources" VALUES('6d70a75ef6ddc34e9f534b1516d5ef11c92185009557041e7d38f80388fd6463','@step
def good(model: dict[str, float]) -> bool:
    return model["mean"] > 1
');
INSERT INTO "sources" VALUES('3d500835a5e18fe94308dbbbfeea6824ed07ce16ef205dd4e548f03dab1cdabd','@step
def load(rows: int) -> list[float]:
    return [float(row) for row in range(rows)]
');
INSERT INTO "sources" VALUES('a57463ab0e2c297d6b976d0cdd8c9de3f2cdc0c85fc56cd007b1c72deeeb4c32','@step
def publish(model: dict[str, float]) -> str:
    return f"published {model}"
');
CREATE TABLE tags (
	run TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (run, "key")
);
CREATE TABLE turns (
	id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	began DOUBLE NOT NULL, 
	beat DOUBLE NOT NULL, 
	ended DOUBLE, 
	state TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE version_artifacts (
	model TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	role TEXT NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (model, number, role)
);
CREATE TABLE versions (
	model TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	content TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	run TEXT, 
	node TEXT, 
	output TEXT, 
	details TEXT NOT NULL, 
	PRIMARY KEY (model, number)
);
CREATE UNIQUE INDEX ix_runs_number ON runs (pipeline, number);
CREATE INDEX ix_runs_status ON runs (status, id);
CREATE INDEX ix_outcomes_node ON outcomes (step, node, ended) WHERE status = 'succeeded' AND ingredients IS NOT NULL;
CREATE INDEX ix_outcomes_origin ON outcomes (origin_run) WHERE origin_run IS NOT NULL;
CREATE INDEX ix_outcomes_key ON outcomes ("key", ended) WHERE status = 'succeeded' AND "key" IS NOT NULL;
CREATE INDEX ix_outputs_content ON outputs (content);
CREATE INDEX ix_inputs_content ON inputs (content);
CREATE INDEX ix_artifacts_blob ON artifacts (blob);
CREATE INDEX ix_parts_part ON parts (part);
CREATE INDEX ix_metrics_name ON metrics (run, name);
CREATE INDEX ix_events_run ON events (run);
CREATE INDEX ix_tags_key ON tags ("key", value, run);
CREATE INDEX ix_versions_run ON versions (run);
CREATE UNIQUE INDEX ix_versions_content ON versions (model, content);
CREATE INDEX ix_reports_version ON reports (model, number, id);
CREATE INDEX ix_moves_model ON moves (model, id);
CREATE TRIGGER moves_no_update BEFORE UPDATE ON moves
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is kept for ever'); END;
CREATE TRIGGER moves_no_delete BEFORE DELETE ON moves
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is kept for ever'); END;
CREATE TRIGGER moves_no_replace BEFORE INSERT ON moves
        WHEN EXISTS (SELECT 1 FROM moves WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is kept for ever'); END;
CREATE INDEX ix_deployments_model ON deployments (model, began);
CREATE INDEX ix_alerts_model ON alerts (model, time);
CREATE INDEX ix_turns_model ON turns (model, began);
COMMIT;
