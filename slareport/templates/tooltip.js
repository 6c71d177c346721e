(d=>{let t=d.createElement('div'),now,q='.chart svg [aria-label]',
show=m=>{now=m;t.hidden=!m;if(!m)return;t.textContent=m.getAttribute('aria-label');
let r=m.getBoundingClientRect(),w=t.offsetWidth,h=t.offsetHeight+8;
t.style.left=Math.max(4,Math.min(r.x+r.width/2-w/2,innerWidth-w-4))+'px';
t.style.top=(r.y>h?r.y-h:r.bottom+8)+'px'};
t.id='tip';t.hidden=true;d.body.append(t);
d.onpointerover=e=>show(e.target.closest(q));
d.onfocusout=()=>show();
d.onscroll=()=>show(now);
d.onkeydown=e=>{let s={ArrowRight:1,ArrowLeft:-1}[e.key],c=e.target;
if(e.key=='Escape')show();
if(s&&c.matches('.chart')){let m=[...c.querySelectorAll('svg [aria-label]')],n=m.length,i=m.indexOf(now);
if(n){e.preventDefault();m=m[i<0?0:(i+s+n)%n];m.scrollIntoView({block:'nearest',inline:'center'});show(m)}}}})(document)
